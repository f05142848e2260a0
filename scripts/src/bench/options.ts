import { LocalError } from '@palaver/local';
import type { Durability } from './figures.ts';

export const partNames = ['processor', 'http', 'replay', 'lag', 'servers', 'history', 'codec'] as const;
export type PartName = (typeof partNames)[number];

export type BenchOptions = {
  readonly parts: readonly PartName[];
  /** Where the JSON goes, if anywhere. */
  readonly json: string | null;
  /** Of one measurement. */
  readonly seconds: number;
  /** How often ours and the limit take turns. */
  readonly rounds: number;
  /** Added to all ports. */
  readonly portOffset: number;
  readonly inFlight: readonly number[];
  readonly durabilities: readonly Durability[];
  /** Events that are replayed; a tenth of them and three times as many tell what memory it takes. */
  readonly events: number;
  /** Of the large channel whose pages are read. */
  readonly messages: number;
  /** Where CPU profiles of the workers go, if anywhere. */
  readonly profileDir: string | null;
};

export const usage = `npx pnpm bench [${partNames.join('|')}]... [options]

  --json FILE       writes the figures as JSON, too
  --seconds N       of one measurement (2)
  --rounds N        how often ours and its limit take turns (3)
  --in-flight N,... commands in flight (64,256,512)
  --log NAME        default or flush.messages=1 alone
  --ports OFFSET    is added to every port (0)
  --events N        that are replayed (1,000,000)
  --messages N      in the large channel of history, 100 or more (1,000,000)
  --profile FOLDER  writes CPU profiles of the benchmark's own processes`;

const defaults: BenchOptions = {
  parts: partNames,
  json: null,
  seconds: 2,
  rounds: 3,
  portOffset: 0,
  inFlight: [64, 256, 512],
  durabilities: ['default', 'flush.messages=1'],
  events: 1_000_000,
  messages: 1_000_000,
  profileDir: null,
};

/** Throws `LocalError` with the usage on anything that it does not know. */
export const parseOptions = (words: readonly string[]): BenchOptions => {
  let options = defaults;
  const parts: PartName[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    const part = partNames.find((name) => name === word);
    if (part) parts.push(part);
    else if (word !== '--') options = { ...options, ...parseOption(word, words[++index]) };
  }
  return parts.length > 0 ? { ...options, parts } : options;
};

const parseOption = (name: string, value: string | undefined): Partial<BenchOptions> => {
  switch (value === undefined ? '' : name) {
    case '--json':
      return { json: value! };
    case '--profile':
      return { profileDir: value! };
    case '--seconds':
      return { seconds: positive(name, value!) };
    case '--rounds':
      return { rounds: positive(name, value!) };
    case '--events':
      return { events: positive(name, value!) };
    case '--messages':
      return { messages: positive(name, value!, { atLeast: 100 }) };
    case '--in-flight':
      return { inFlight: value!.split(',').map((text) => positive(name, text)) };
    case '--log':
      return { durabilities: [durability(value!)] };
    case '--ports':
      return { portOffset: positive(name, value!) };
    default:
      throw new LocalError(`${name} is no part and no option with a value.\n\n${usage}`);
  }
};

const durability = (text: string): Durability => {
  const found = defaults.durabilities.find((one) => one === text);
  if (found === undefined)
    throw new LocalError(`--log takes ${defaults.durabilities.join(' or ')}, not "${text}".\n\n${usage}`);
  return found;
};

const positive = (name: string, text: string, { atLeast = 0 } = {}): number => {
  const value = Number(text);
  if (!(value > 0)) throw new LocalError(`${name} takes a number above 0, not "${text}".\n\n${usage}`);
  if (value < atLeast) throw new LocalError(`${name} takes ${atLeast} or more, not "${text}".\n\n${usage}`);
  return value;
};
