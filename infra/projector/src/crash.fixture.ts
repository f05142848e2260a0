import { kafkaLog } from '@palaver/event-log';
import type pg from 'pg';
import { markedOn } from './marked.fixture.ts';
import { modelPool } from './model.ts';
import { type RebuildPhase, RebuildRunning, rebuild } from './rebuild.ts';
import { jsonCodec } from './testing.ts';
import { startProjector } from './worker.ts';

/** A process for `crash.int.test.ts` that rebuilds, or is a worker which does so at its start, and dies where it was told to. */
export type CrashOf = {
  readonly work: 'rebuild' | 'follow';
  readonly generation: number;
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly postgresUrl: string;
  readonly killAt: KillAt | null;
};
/**
 * When it has sent the `nth` statement of this phase that contains the text, and before it has the answer. The phase begins with
 * `-- <its name>`.
 */
export type KillAt = { readonly phase: RebuildPhase; readonly text: string; readonly nth: number };

/** Another rebuild runs: that of a killed process, until Postgres has noticed. */
export const RUNNING_CODE = 3;

const run = async ({ work, generation, topic, brokers, postgresUrl, killAt }: CrashOf): Promise<void> => {
  let phase: RebuildPhase | null = null;
  let matched = 0;
  const onStatement = (text: string): void => {
    if (killAt === null || phase !== killAt.phase || !text.includes(killAt.text)) return;
    matched += 1;
    if (matched === killAt.nth) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  };
  const onProgress = (progress: { phase: RebuildPhase }): void => {
    if (phase === progress.phase) return;
    phase = progress.phase;
    onStatement(`-- ${phase}`);
  };
  const pool = modelPool({ connectionString: postgresUrl, max: 4 });
  pool.on('connect', (client) => watch(client, onStatement));
  const given = {
    log: kafkaLog({ brokers, clientId: 'crash' }),
    projection: markedOn(topic, generation),
    codec: jsonCodec,
    pool,
  };
  if (work === 'rebuild') {
    await rebuild({ ...given, batchEvents: 500, onProgress });
    process.exit(0);
  }
  const onCrash = (error: Error) => {
    console.error(error);
    process.exit(1);
  };
  const projector = startProjector({ ...given, groupId: topic, onCrash, hooks: { onRebuild: onProgress } });
  await projector.started;
  process.once('SIGTERM', async () => {
    await projector.close();
    process.exit(0);
  });
  console.log('follows');
};

const watch = (client: pg.ClientBase, onStatement: (text: string) => void): void => {
  const query = client.query.bind(client) as (...given: unknown[]) => unknown;
  client.query = ((...given: unknown[]) => {
    const [what] = given as [string | { text: string }];
    const answer = query(...given);
    onStatement(typeof what === 'string' ? what : what.text);
    return answer;
  }) as typeof client.query;
};

if (process.argv[2] !== undefined && import.meta.main) {
  try {
    await run(JSON.parse(process.argv[2]) as CrashOf);
  } catch (error) {
    console.error(error);
    process.exit(error instanceof RebuildRunning ? RUNNING_CODE : 1);
  }
}
