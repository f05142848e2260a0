import type { Reply } from '@palaver/decider';
import { type Codec, eventHeaders, TakenRecords } from '@palaver/event-log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type CounterCommand,
  type Counters,
  commandOf,
  insist,
  openCounters,
  partitionCount,
} from './testing/counters.ts';

let counters: Counters;
beforeAll(async () => {
  counters = await openCounters();
});
afterAll(() => counters.close());

const counterIds = Array.from({ length: 12 }, (_, index) => `c${index}`);

type Read = { readonly command: string; readonly type: string; readonly total: number | null };

/** What a reader of the whole log takes, read by one version's schemas. */
const readLog = async (codec: Codec): Promise<Read[]> => {
  const found: Read[] = [];
  const taken = Array.from({ length: partitionCount }, () => new TakenRecords(null));
  const ranges = taken.map((_, partition) => ({ partition, from: 0 }));
  await counters.log.read(`${counters.name}.events`, ranges, async ({ partition, records }) => {
    await codec.prepare(records.map(({ value }) => value));
    for (const record of records) {
      if (!taken[partition]!.take(record) || record.value === null) continue;
      const { type, data } = codec.decode(record.value);
      const total = (data as { total: number } | null)?.total ?? null;
      found.push({ command: record.headers[eventHeaders.command]!, type, total });
    }
  });
  return found.sort((a, b) => (a.command < b.command ? -1 : 1));
};

test('two versions of a service and of a projection share one log, and partitions move between them', async () => {
  const answers = new Map<string, Reply['outcome']>();
  const one = await counters.startService(1);
  const two = await counters.startService(2);
  const workers = [await counters.startWorker(1), await counters.startWorker(2)];
  let clients = [one.client, two.client];
  let flowing = true;

  /** Each of the counters has one command under way at any time; every tenth one is of the kind that only version 2 knows. */
  const flow = async (counter: string): Promise<number> => {
    let sum = 0;
    for (let turn = 0; flowing; turn += 1) {
      const naming = turn % 10 === 9;
      const given: CounterCommand = naming
        ? { type: 'Name', data: { counter, name: `name ${turn}` } }
        : { type: 'Add', data: { counter, by: 1 + (turn % 3) } };
      if (given.type === 'Add') sum += given.data.by;
      const command = commandOf(given);
      // Version 1 cannot even send what it does not know.
      const { outcome } = await insist(() => (naming ? [two.client] : clients), command);
      answers.set(command.id, outcome);
      if (given.type === 'Add') expect(outcome).toEqual({ kind: 'accepted', result: { total: sum } });
    }
    return sum;
  };
  const flows = counterIds.map(flow);
  const enough = (count: number) => expect.poll(() => answers.size, { timeout: 30_000 }).toBeGreaterThan(count);

  await enough(200);
  const refusals = () => one.stats.faulty;
  await expect.poll(() => one.held().length > 0 && two.held().length > 0, { timeout: 20_000 }).toBe(true);
  await expect.poll(refusals, { timeout: 20_000 }).toBeGreaterThan(0);
  // Another of version 1 joins, and the first one leaves: partitions move from new to old and from old to new.
  const late = await counters.startService(1);
  const lateWorker = await counters.startWorker(1);
  clients = [two.client, late.client];
  await enough(answers.size + 200);
  await one.close();
  await workers[1]!.close();
  await enough(answers.size + 200);
  // The deploy ends with version 2 alone, which decides what version 1 could not.
  clients = [two.client];
  await late.close();
  await enough(answers.size + 200);
  flowing = false;
  const sums = await Promise.all(flows);

  const byOne = await readLog(await counters.codec(1, 'events'));
  const byTwo = await readLog(await counters.codec(2, 'events'));
  // None lost, none twice.
  expect(byTwo.map(({ command }) => command)).toEqual([...answers.keys()].sort());
  // Version 1 reads what it knows the same, and passes over the rest.
  const known = ({ type }: Read): boolean => type === 'Added';
  expect(byOne.filter(known)).toEqual(byTwo.filter(known));
  expect(byOne.filter((read) => !known(read)).every(({ type }) => type === 'palaver.counters.Named')).toBe(true);
  const rowCount = byTwo.filter(known).length;
  await expect
    .poll(async () => (await counters.pool.query('select count(*)::int as rows from added')).rows[0].rows, {
      timeout: 20_000,
    })
    .toBe(rowCount);
  const { rows } = await counters.pool.query('select counter, max(total)::int as total from added group by 1');
  expect(Object.fromEntries(rows.map(({ counter, total }) => [counter, total]))).toEqual(
    Object.fromEntries(counterIds.map((counter, index) => [counter, sums[index]])),
  );
  await two.close();
  for (const worker of [workers[0]!, lateWorker]) await worker.close();
  expect(counters.crashes).toEqual([]);
}, 120_000);
