import { basename } from 'node:path';

/** One message of a log. `line` counts from 1; `postedAt` is RFC 3339 in UTC, to the minute. */
export type IrcMessage = {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly text: string;
  readonly postedAt: string;
};

/** A day of a channel. Lines that are no messages are only counted. */
export type IrcLog = {
  readonly file: string;
  readonly messages: readonly IrcMessage[];
  /** Actions (`/me`), joins, renames and the server's notices. */
  readonly otherLines: number;
};

const MESSAGE = /^\[(\d\d):(\d\d)\] <([^>]+)>(?: (.*))?$/;
const DAY_MS = 86_400_000;

/** IRC has no empty messages: what an empty line held were blanks, which the logger dropped. */
const BLANK = ' ';

/** A file whose name holds no date, so that its lines have none. */
export class UndatedLog extends Error {
  override readonly name = 'UndatedLog';

  constructor(file: string) {
    super(`${file} needs a date in its name, as 2004-12-25.log has`);
  }
}

/**
 * Reads a log in the format of irclogs.ubuntu.com: `[hh:mm] <name> text`. The date is that of the file's name for the first line;
 * where the clock goes back, midnight has passed. Throws `UndatedLog`.
 */
export const parseIrcLog = (path: string, content: string): IrcLog => {
  const file = basename(path);
  const lines = content.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const messages: IrcMessage[] = [];
  let dayMs = dateOf(file);
  let lastMinute = 0;
  for (const [index, line] of lines.entries()) {
    const match = MESSAGE.exec(line);
    if (!match) continue;
    const minute = Number(match[1]) * 60 + Number(match[2]);
    if (minute < lastMinute) dayMs += DAY_MS;
    lastMinute = minute;
    messages.push({
      file,
      line: index + 1,
      name: match[3]!,
      text: match[4] || BLANK,
      postedAt: new Date(dayMs + minute * 60_000).toISOString(),
    });
  }
  return { file, messages, otherLines: lines.length - messages.length };
};

/** Names in the order of their first message. */
export const namesOf = (logs: readonly IrcLog[]): readonly string[] => [
  ...new Set(logs.flatMap((log) => log.messages.map((message) => message.name))),
];

const dateOf = (file: string): number => {
  const date = /\d{4}-\d{2}-\d{2}/.exec(file)?.[0];
  const ms = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(ms)) throw new UndatedLog(file);
  return ms;
};
