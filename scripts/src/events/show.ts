import { toJson } from '../json.ts';
import { harmless } from '../table.ts';
import type { Entry } from './entry.ts';

/** A line of JSON, without what a record of its kind does not have. */
export const entryJson = (entry: Entry): string =>
  toJson(Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null)));

const longestId = 12;

/** Ids by their ends, which are random: enough to tell them from others on a screen. */
const shortIds = (text: string): string =>
  text
    .split(':')
    .map((part) => (part.length > longestId ? `…${part.slice(-8)}` : part))
    .join(':');

const columns = { time: 19, position: 18, stream: 30, version: 7, type: 20, actor: 9 } as const;

export const entryHead = (): string =>
  (Object.keys(columns) as (keyof typeof columns)[])
    .map((name) => name.padEnd(columns[name]))
    .concat('data')
    .join('  ');

/** A line of the table: widths are fixed, since what follows is not known yet. */
export const entryLine = (entry: Entry): string => {
  const { time, position, stream, version, actor } = entry;
  const cells: Readonly<Record<keyof typeof columns, string>> = {
    time: time.slice(0, 19).replace('T', ' '),
    position,
    stream: shortIds(stream ?? ''),
    version: version === null ? '' : `v${version}`,
    type: typeText(entry),
    actor: shortIds(actor ?? ''),
  };
  return harmless(
    [
      ...(Object.keys(columns) as (keyof typeof columns)[]).map((name) => cells[name].padEnd(columns[name])),
      dataText(entry),
    ].join('  '),
  ).trimEnd();
};

const typeText = ({ kind, type, error }: Entry): string => {
  if (error !== null) return 'undecodable';
  return kind === 'event' ? type! : [kind, type].filter(Boolean).join(' ');
};

const dataText = ({ data, outcome, error }: Entry): string =>
  error ?? (data === null && outcome === null ? '' : toJson(data ?? outcome));
