import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Command, onInterrupt, parseCount, UsageError } from '../command.ts';
import { chooseModels } from '../models.ts';
import { openStatus, type ProjectionView } from '../status/look.ts';
import { statusJson, statusLines } from '../status/show.ts';
import { fitWidth } from '../table.ts';
import { parseDuration } from '../times.ts';

/** Between the two looks that give a rate, when there is only one answer. */
const rateOverMs = 500;
const watchEvery = '2';

export const status: Command = {
  name: 'status',
  summary: 'how the read models stand: lag, rate, version, what is parked',
  usage: `[projection...] [--watch [SECONDS]] [--partitions] [--max-lag TIME] [--json]

Of each read model how many log positions it has folded and the log has, how far it is behind in events and in seconds (the age of the
first record that is not folded), events folded a second, its version, and parked events. The exit code is 1 when one needs a
person: events are parked, it is absent, outdated or unreachable, or further behind than --max-lag.

  --watch [SECONDS]    again and again (${watchEvery})
  --partitions         also each partition
  --max-lag TIME       from when on a model is behind (60s, 10m, 2h; 1m)
  --json               an object, with the positions that \`palaver verify --at\` takes

Environment: as for rebuild.`,
  async run(args) {
    const options = {
      watch: { type: 'string' },
      partitions: { type: 'boolean', default: false },
      'max-lag': { type: 'string', default: '1m' },
      json: { type: 'boolean', default: false },
    } as const;
    const { values, positionals } = parseArgs({ args: withSeconds(args), allowPositionals: true, options });
    const names = chooseModels(positionals.length === 0 ? ['all'] : positionals);
    const everyMs = values.watch === undefined ? null : parseCount('--watch', values.watch, oneHour) * 1_000;
    const maxLagMs = parseDuration(values['max-lag']);
    if (maxLagMs === null) throw new UsageError(`--max-lag is "${values['max-lag']}"; it takes 60s, 10m, 2h or 1d`);
    const show = (views: readonly ProjectionView[]): void => {
      const { json, partitions } = values;
      const lines = json ? [statusJson(views)] : statusLines(views, { partitions });
      print(lines, { inPlace: everyMs !== null && !json });
    };

    const looking = openStatus(names, { environment: process.env, maxLagSeconds: maxLagMs / 1_000 });
    try {
      return everyMs === null ? await once(looking.look, show) : await watch(looking.look, show, everyMs);
    } finally {
      await looking.close();
    }
  },
};

const oneHour = { from: 1, to: 3_600 };

/** The seconds behind `--watch` may be left out. */
const withSeconds = (args: readonly string[]): string[] =>
  args.map((arg, index) => (arg === '--watch' && !/^\d/.test(args[index + 1] ?? '') ? `--watch=${watchEvery}` : arg));

type Look = () => Promise<readonly ProjectionView[]>;
type Show = (views: readonly ProjectionView[]) => void;

const once = async (look: Look, show: Show): Promise<number> => {
  await look();
  await delay(rateOverMs);
  const views = await look();
  show(views);
  return views.some(({ needs }) => needs.length > 0) ? 1 : 0;
};

const watch = async (look: Look, show: Show, everyMs: number): Promise<number> => {
  const signal = onInterrupt('interrupted');
  while (!signal.aborted) {
    show(await look());
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
  return 0;
};

const print = (lines: readonly string[], { inPlace }: { readonly inPlace: boolean }): void => {
  const { stdout } = process;
  const redraw = inPlace && stdout.isTTY;
  stdout.write(
    `${redraw ? '\x1b[H\x1b[J' : ''}${lines.map((line) => `${redraw ? fitWidth(line, stdout) : line}\n`).join('')}`,
  );
};
