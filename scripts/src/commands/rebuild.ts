import { parseArgs } from 'node:util';
import { rebuild as rebuildModel } from '@palaver/projector';
import { type Command, onInterrupt, parseCount, UsageError } from '../command.ts';
import { chooseModels, jobsOption, type OpenModel, withModels } from '../models.ts';
import { formatCount, formatSeconds } from '../progress.ts';
import { createReport, type Report } from './phases.ts';

export const rebuild: Command = {
  name: 'rebuild',
  summary: 'fold read models anew beside the live ones, then swap',
  usage: `<projection...|all> [--jobs N] [--json]

Readers see the old model until the new one takes its place. What was interrupted goes on when it is run again. Where one
fails, the others are done all the same, and the exit code is 1.

  --jobs N             how many at the same time (${jobsOption.default})
  --json               lines of JSON: progress, and the result or the error of each

Environment: PALAVER_KAFKA_BROKERS, PALAVER_REGISTRY_URL, PALAVER_POSTGRES_URL (any database of the server); by default
those of the local stack.`,
  async run(args) {
    const options = { jobs: jobsOption, json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const names = chooseModels(positionals);
    if (names.length === 0) throw new UsageError('rebuild needs the name of a projection, or all');
    const jobs = parseCount('--jobs', values.jobs, { from: 1, to: 16 });
    const signal = onInterrupt('interrupted; run the same command again to go on');
    const report = createReport({ json: values.json });
    let code = 0;
    const onFailed = (name: string, error: unknown): void => {
      code = 1;
      report.failed(name, error);
    };
    await withModels({ names, jobs, signal, onFailed }, process.env, (model) => rebuildOne(model, { report, signal }));
    report.end();
    return code;
  },
};

export const rebuildOne = async (
  { name, ...model }: OpenModel,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): Promise<void> => {
  const startedMs = performance.now();
  let events = 0;
  await rebuildModel({
    ...model,
    signal,
    onProgress(progress) {
      events = progress.total;
      report.progress(name, progress);
    },
  });
  const durationMs = Math.round(performance.now() - startedMs);
  const text = `${name}: rebuilt from ${formatCount(events)} events in ${formatSeconds(durationMs)}`;
  report.result(name, { events, durationMs }, [text]);
};
