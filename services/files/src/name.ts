/** Names of files as their owners call them: shown to people and sent as a header, never a path here. */

const maxLength = 255;

/** Without path, control characters, and what turns the direction of text; `file` where nothing is left. */
export const cleanName = (given: string): string => {
  const last = given.normalize('NFC').toWellFormed().split(/[/\\]/).at(-1)!;
  const seen = last.replace(/[\p{Cc}\p{Cn}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu, '').trim();
  const short = [...seen].slice(0, maxLength).join('');
  return /^\.*$/.test(short) ? 'file' : short;
};
