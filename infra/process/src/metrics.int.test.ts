/** What a process tells of commands, the log and its pools, measured on real ones. */
import { createLogger, createMetrics, type Metrics } from '@palaver/runtime';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { poolWatch } from './database.ts';
import { commandOf, insist, openCounters } from './testing/counters.ts';

/** The values of a metric, by its labels without that of the process. */
const valuesOf = async (metrics: Metrics, name: string): Promise<Readonly<Record<string, number>>> => {
  const lines = [...(await metrics.metrics()).matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))];
  return Object.fromEntries(
    lines.map(([, labels, value]) => [
      labels!
        .split(',')
        .filter((label) => !label.startsWith('process='))
        .join(','),
      Number(value),
    ]),
  );
};

test('commands by type and outcome, how long they took, and what was appended for them', async () => {
  const counters = await openCounters();
  onTestFinished(() => counters.close());
  const metrics = createMetrics('test');
  const service = await counters.startService(1, undefined, metrics);
  onTestFinished(() => service.close());
  const add = (by: number) => commandOf({ type: 'Add', data: { counter: 'c', by } });
  const first = add(1);
  await insist(() => [service.client], first);
  for (const by of [2, 3]) await service.client.submit(add(by), { timeoutMs: 5_000 });
  await service.client.submit(first, { timeoutMs: 5_000 });
  const reused = await service.client.submit({ ...first, fingerprint: 'another' }, { timeoutMs: 5_000 });
  expect(reused.outcome.kind).toBe('refused');
  await expect(service.client.submit(add(4), { timeoutMs: 0 })).rejects.toThrow('no answer');
  await expect.poll(() => service.stats.accepted).toBe(4);

  expect(await valuesOf(metrics, 'decider_commands_total')).toEqual({
    'type="Add",outcome="accepted"': 4,
    'type="Add",outcome="repeated"': service.stats.repeated,
  });
  expect(service.stats.repeated).toBeGreaterThanOrEqual(2);
  expect(await valuesOf(metrics, 'command_duration_seconds_count')).toEqual({
    'type="Add",outcome="accepted"': expect.any(Number),
    'type="Add",outcome="refused"': 1,
    'type="Add",outcome="timeout"': expect.any(Number),
  });
  const took = await valuesOf(metrics, 'command_duration_seconds_sum');
  expect(took['type="Add",outcome="accepted"']).toBeGreaterThan(0.001);

  const records = (await valuesOf(metrics, 'log_appended_records_total'))['']!;
  const requests = (await valuesOf(metrics, 'log_append_size_bytes_count'))['']!;
  const bytes = (await valuesOf(metrics, 'log_append_size_bytes_sum'))['']!;
  expect(records).toBeGreaterThanOrEqual(2 * 6);
  expect(requests).toBeGreaterThan(0);
  expect(requests).toBeLessThanOrEqual(records);
  expect(bytes / records).toBeGreaterThan(100);
  expect(bytes / records).toBeLessThan(1_000);
});

test('each pool: idle and busy connections, and who waits for one', async () => {
  const metrics = createMetrics('test');
  const watch = poolWatch({ logger: createLogger({ name: 'test', level: 'silent' }), metrics });
  const open = (name: string, max: number): pg.Pool => {
    const pool = watch(name, new pg.Pool({ connectionString: `${process.env.PALAVER_TEST_POSTGRES}/postgres`, max }));
    onTestFinished(() => pool.end());
    return pool;
  };
  const [small] = [open('small', 1), open('unused', 5)];
  const held = await small.connect();
  const waiting = small.query('select 1');
  const seen = async () => [
    await valuesOf(metrics, 'postgres_pool_connections'),
    await valuesOf(metrics, 'postgres_pool_waiting'),
  ];
  const unused = { 'pool="unused",state="idle"': 0, 'pool="unused",state="busy"': 0 };
  expect(await seen()).toEqual([
    { 'pool="small",state="idle"': 0, 'pool="small",state="busy"': 1, ...unused },
    { 'pool="small"': 1, 'pool="unused"': 0 },
  ]);
  held.release();
  await waiting;
  expect(await seen()).toEqual([
    { 'pool="small",state="idle"': 1, 'pool="small",state="busy"': 0, ...unused },
    { 'pool="small"': 0, 'pool="unused"': 0 },
  ]);
});
