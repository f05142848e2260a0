import type { WriteStream } from 'node:tty';

/** Columns side by side, as wide as their longest cell, two blanks between them; numbers to the right. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  format: (count: number) => string = String,
): readonly string[] => {
  const isNumber = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? format(cell) : cell)));
  const widths = head.map((name, column) => Math.max(name.length, ...texts.map((row) => row[column]!.length)));
  return [head, ...texts].map((row) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
};

/** What a terminal would take for commands, or for another order of reading, is written out: texts of users must not steer it. */
export const harmless = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Cuts a line to a terminal's width, and leaves it whole elsewhere. */
export const fitWidth = (line: string, out: WriteStream | NodeJS.WriteStream): string =>
  out.isTTY && line.length > out.columns ? `${line.slice(0, out.columns - 1)}…` : line;
