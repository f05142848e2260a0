import { parseArgs } from 'node:util';
import { rebuild as rebuildModel } from '@palaver/projector';
import { type Command, UsageError } from '../command.ts';
import { chooseModels, type OpenModel, withModels } from '../models.ts';
import { formatCount, formatSeconds } from '../progress.ts';
import { phaseProgress } from './phases.ts';

export const rebuild: Command = {
  name: 'rebuild',
  summary: 'fold read models anew beside the live ones, then swap',
  usage: `<projection...|all>

Readers see the old model until the new one takes its place. What was interrupted goes on when it is run again.

Environment: PALAVER_KAFKA_BROKERS, PALAVER_REGISTRY_URL, PALAVER_POSTGRES_URL (any database of the server); by default
those of the local stack.`,
  async run(args) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const names = chooseModels(positionals);
    if (names.length === 0) throw new UsageError('rebuild needs the name of a projection, or all');
    const stop = new AbortController();
    const interrupt = () => stop.abort(new Error('interrupted; run the same command again to go on'));
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    await withModels(names, process.env, (model) => rebuildOne(model, stop.signal));
    return 0;
  },
};

export const rebuildOne = async ({ name, ...model }: OpenModel, signal: AbortSignal): Promise<void> => {
  const startedMs = performance.now();
  const progress = phaseProgress(name);
  let total = 0;
  try {
    await rebuildModel({
      ...model,
      signal,
      onProgress(state) {
        total = state.total;
        progress.update(state);
      },
    });
  } finally {
    progress.end();
  }
  console.log(`${name}: rebuilt from ${formatCount(total)} events in ${formatSeconds(performance.now() - startedMs)}`);
};
