import {
  eventHeaders,
  type GroupOptions,
  type Membership,
  memoryBroker,
  type PartitionOwner,
} from '@palaver/event-log';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commandClient } from './client.ts';
import { fingerprint, newId } from './ids.ts';
import { type Command, commandRecord, parseReplies, type Reply } from './outcome.ts';
import type { Decider } from './decider.ts';
import { type ProcessorOptions, startProcessor } from './processor.ts';
import { createReplies } from './replies.ts';
import { type BankCommand, bankDecider, jsonCodec } from './simulation/bank.ts';
import { memoryStateStore, type StateStore } from './state-store.ts';
import { sweepPartition } from './sweep.ts';

const timeMs = Date.UTC(2026, 0, 1);
const commandOf = (given: BankCommand, over: Partial<Command> = {}): Command => ({
  id: newId(),
  ...given,
  actor: 'ann',
  timeMs,
  fingerprint: fingerprint(given),
  ...over,
});

const placeOf = (fields: object): string => {
  const { topic, partition, offset } = fields as Record<string, unknown>;
  return `${topic}:${partition}@${offset}`;
};

const silent = { info: () => {}, warn: () => {}, error: () => {} };

const startBank = async (options: { store?: StateStore; process?: string; over?: Partial<ProcessorOptions> } = {}) => {
  const broker = memoryBroker({ partitions: 1 });
  const decider = bankDecider();
  const codec = jsonCodec();
  const start = async (process: string, over: Partial<ProcessorOptions> = {}) => {
    const replies = createReplies(process);
    const log = broker.log(process);
    const processor = await startProcessor({
      log,
      decider,
      codecs: { commands: codec, events: codec },
      store: options.store ?? memoryStateStore(),
      groupId: 'bank-group',
      replies,
      newEpoch: newId,
      logger: silent,
      onCrash: (error) => {
        throw error;
      },
      ...over,
    });
    onTestFinished(() => processor.close());
    return { processor, replies, log };
  };
  const { processor, replies, log } = await start('one', options.over);
  const client = await commandClient({ log, decider, codec, replies });
  onTestFinished(() => client.close());
  const submit = (command: Command): Promise<Reply> => client.submit(command, { timeoutMs: 5_000 });
  return { broker, processor, submit, start, decider, codec, replies };
};

const open: BankCommand = { type: 'Open', data: { account: 'a' } };
const deposit = (amount: number): BankCommand => ({ type: 'Deposit', data: { account: 'a', amount } });
const withdraw = (amount: number): BankCommand => ({ type: 'Withdraw', data: { account: 'a', amount } });

describe('a command', () => {
  test('becomes its events, and its sender is told where they end', async () => {
    const { broker, submit } = await startBank();
    expect(await submit(commandOf(open))).toEqual({
      outcome: { kind: 'accepted', result: { opened: true } },
      position: { partition: 0, offset: 1 },
    });
    expect(await submit(commandOf(deposit(5)))).toMatchObject({ outcome: { result: { number: 1 } } });
    const records = broker.records('bank.events', 0);
    expect(records.map(({ key }) => key.split('/').slice(0, 2).join('/'))).toEqual(['account:a/1', 'account:a/2']);
    expect(records[1]?.headers).toMatchObject({ 'command-offset': '1', index: '0', actor: 'ann' });
    expect(records[1]?.timestampMs).toBe(timeMs);
  });

  test('that is refused, or changes nothing, leaves a marker with its outcome', async () => {
    const { broker, submit } = await startBank();
    expect(await submit(commandOf(deposit(5)))).toMatchObject({ outcome: { kind: 'refused', code: 'not_open' } });
    await submit(commandOf(open));
    expect(await submit(commandOf(open))).toMatchObject({ outcome: { kind: 'accepted', result: { opened: false } } });
    const markers = broker.records('bank.events', 0).filter(({ value }) => value === null);
    expect(markers.map(({ headers }) => JSON.parse(headers[eventHeaders.outcome]!).kind)).toEqual([
      'refused',
      'accepted',
    ]);
  });

  test('that touches streams which nobody loaded is decided once they are', async () => {
    const { submit } = await startBank();
    await submit(commandOf(open));
    await submit(commandOf({ type: 'Open', data: { account: 'b' } }));
    await submit(commandOf(deposit(5)));
    const transfer = commandOf({ type: 'Transfer', data: { from: 'a', to: 'b', amount: 2 } });
    expect(await submit(transfer)).toMatchObject({ outcome: { result: { moved: 2 } } });
    expect(await submit(commandOf(withdraw(3)))).toMatchObject({ outcome: { result: { left: 0, number: 2 } } });
  });

  test('that comes again is told the first outcome, and done once', async () => {
    const { broker, submit } = await startBank();
    await submit(commandOf(open));
    const command = commandOf(deposit(5));
    const first = await submit(command);
    expect((await submit(command)).outcome).toEqual(first.outcome);
    expect(await submit({ ...command, fingerprint: 'another' })).toMatchObject({
      outcome: { kind: 'refused', code: 'idempotency_key_reused' },
    });
    expect((await submit(command)).outcome).toEqual(first.outcome);
    expect(broker.records('bank.events', 0).filter(({ value }) => value !== null)).toHaveLength(2);
    expect(new Set(broker.records('bank.events', 0).map(({ key }) => key)).size).toBe(5);
  });

  test('that cannot be read or that nobody decides is refused, and the next one goes on', async () => {
    const told: string[] = [];
    const error = (fields: object) => void told.push(placeOf(fields));
    const { broker, submit, processor, codec } = await startBank({ over: { logger: { ...silent, error } } });
    const value = codec.encode('', open);
    const sound = { actor: 'ann', fingerprint: 'f' };
    broker.write('bank.commands', 0, [
      { key: 'x', value: Buffer.from('no json'), headers: {}, timestampMs: timeMs },
      { key: 'y', value: null, headers: {}, timestampMs: timeMs },
      { key: '', value, headers: sound, timestampMs: timeMs },
      { key: 'a/b', value, headers: sound, timestampMs: timeMs },
      { key: 'nul\0', value, headers: sound, timestampMs: timeMs },
      { key: 'x'.repeat(10_000), value, headers: sound, timestampMs: timeMs },
      { key: 'z', value, headers: {}, timestampMs: timeMs },
      { key: 'z', value, headers: { ...sound, fingerprint: '\0' }, timestampMs: timeMs },
      commandRecord(commandOf(open), codec.encode('', { type: 'Rob', data: {} })),
      commandRecord(commandOf(open), codec.encode('', { type: 'toString', data: {} })),
    ]);
    expect(await submit(commandOf(open))).toMatchObject({ outcome: { kind: 'accepted' } });
    const records = broker.records('bank.events', 0);
    expect(records.slice(0, -1).map(({ headers }) => headers['command-offset'])).toEqual([...'0123456789']);
    expect(records.filter(({ headers }) => headers[eventHeaders.outcome] !== undefined)).toHaveLength(1);
    expect(new Set(records.map(({ key }) => key)).size).toBe(11);
    expect(told).toEqual([...'0123456789'].map((offset) => `bank.commands:0@${offset}`));
    expect(processor.stats.faulty).toBe(10);
  });

  test('that only a newer version knows is refused, and decided when it is sent again to that one', async () => {
    const { rules, ...rest } = bankDecider();
    const { Close: _, ...fewer } = rules;
    const older = { ...rest, rules: fewer } as unknown as Decider;
    const store = memoryStateStore();
    const { broker, submit, processor, start } = await startBank({ store, over: { decider: older } });
    await submit(commandOf(open));
    const close = commandOf({ type: 'Close', data: { account: 'a' } });
    expect(await submit(close)).toMatchObject({ outcome: { kind: 'refused', code: 'unknown_command' } });
    await processor.close();
    const { replies, log } = await start('two');
    const client = await commandClient({ log, decider: bankDecider(), codec: jsonCodec(), replies });
    onTestFinished(() => client.close());
    expect(await client.submit(close, { timeoutMs: 5_000 })).toMatchObject({ outcome: { result: { closed: true } } });
    expect(broker.end('bank.events', 0)).toBe(3);
  });

  test('whose rule throws is refused, not tried for ever', async () => {
    const broken = bankDecider();
    const rules = {
      ...broken.rules,
      Close: {
        ...broken.rules.Close,
        decide: () => {
          throw new Error('a bug');
        },
      },
    };
    const { submit } = await startBank({ over: { decider: { ...broken, rules } } });
    await submit(commandOf(open));
    const close = commandOf({ type: 'Close', data: { account: 'a' } });
    expect(await submit(close)).toMatchObject({ outcome: { kind: 'refused', code: 'internal' } });
  });
});

describe('an owner that takes over', () => {
  test('knows what was decided before, from the log alone', async () => {
    const { broker, submit, processor, start } = await startBank();
    await submit(commandOf(open));
    const command = commandOf(deposit(5));
    const { outcome } = await submit(command);
    await processor.close();
    const { processor: second, replies, log } = await start('two');
    const client = await commandClient({ log, decider: bankDecider(), codec: jsonCodec(), replies });
    expect((await client.submit(command, { timeoutMs: 5_000 })).outcome).toEqual(outcome);
    const took = await client.submit(commandOf(withdraw(5)), { timeoutMs: 5_000 });
    expect(took).toMatchObject({ outcome: { result: { left: 0, number: 2 } } });
    expect(second.stats.foldedRecords).toBe(2);
    expect(broker.end('bank.events', 0)).toBe(4);
    await client.close();
  });

  test('still knows what was told of commands whose events were erased', async () => {
    const { broker, submit, processor, start } = await startBank();
    await submit(commandOf(open));
    const command = commandOf(deposit(5));
    const { outcome } = await submit(command);
    await submit(commandOf({ type: 'Close', data: { account: 'a' } }));
    await processor.close();
    const log = broker.log('sweep');
    const ends = ({ type }: { type: string }): boolean => type === 'Closed';
    const where = { log, appender: log.appender(), topic: 'bank.events', partition: 0, codec: jsonCodec() };
    expect(await sweepPartition({ ...where, ends })).toEqual({ ended: { account: 2 }, lost: 0, unreadable: 0 });
    broker.compact('bank.events');
    const { processor: second, replies, log: secondLog } = await start('two');
    const client = await commandClient({ log: secondLog, decider: bankDecider(), codec: jsonCodec(), replies });
    expect((await client.submit(command, { timeoutMs: 5_000 })).outcome).toEqual(outcome);
    expect(second.stats).toMatchObject({ repeated: 1, accepted: 0 });
    await client.close();
  });

  test('folds again when its first batch leaps over commands that another has decided meanwhile', async () => {
    const { broker, submit, start } = await startBank();
    const owners: PartitionOwner[] = [];
    const late = broker.log('late');
    const join = async ({ acquire }: GroupOptions): Promise<Membership> => {
      owners.push(acquire(0, { valid: true }));
      return { held: [0], lastProgressMs: 0, close: async () => {} };
    };
    const { processor } = await start('late', { log: { ...late, join } });
    const [owner] = owners;
    await owner!.start();
    await submit(commandOf(open));
    await submit(commandOf(deposit(5)));
    const command = commandOf(withdraw(5));
    const records = [
      { ...commandRecord(command, jsonCodec().encode('', command)), topic: '', partition: 0, offset: 2 },
    ];
    await owner!.handle('bank.commands', { partition: 0, records, nextOffset: 3 });
    expect(processor.stats).toMatchObject({ accepted: 1, refused: 0, conflicts: 0 });
    expect(broker.records('bank.events', 0).at(-1)?.headers[eventHeaders.outcome]).toContain('"left":0');
    await owner!.stop();
  });

  test('folds only the tail behind the kept states', async () => {
    const store = memoryStateStore();
    const { submit, processor, start } = await startBank({ store });
    await submit(commandOf(open));
    await submit(commandOf(deposit(5)));
    await processor.close();
    const { processor: second } = await start('two');
    await expect.poll(() => second.stats.folds).toBe(1);
    expect(second.stats.foldedRecords).toBe(0);
  });

  test('answers over the log those who wait in another process', async () => {
    const { broker, codec } = await startBank();
    const command = commandOf(open);
    broker.write('bank.commands', 0, [commandRecord(command, codec.encode('', command), 'elsewhere/0')]);
    await expect.poll(() => broker.records('bank.replies', 0).length).toBe(1);
    expect(parseReplies(broker.records('bank.replies', 0)[0]!)).toMatchObject([{ outcome: { kind: 'accepted' } }]);
  });
});

describe('an event that cannot be read', () => {
  const poison = (headers: Record<string, string>, value: Buffer | null = Buffer.from('no json')) => ({
    key: 'account:a/2/e',
    value,
    headers,
    timestampMs: timeMs,
  });
  const counting = { command: 'c', 'command-offset': '1', index: '0', epoch: 'e' };

  /** An open account, and behind it what the test writes; the owner that finds it there reads by `codec`. */
  const takeOver = async (record: Parameters<typeof poison>[0], value?: Buffer | null) => {
    const { broker, submit, processor, start, codec } = await startBank();
    const first = commandOf(open);
    await submit(first);
    await processor.close();
    broker.write('bank.events', 0, [poison(record, value)]);
    // The offset of the command that it says it came from.
    broker.write('bank.commands', 0, [{ key: 'c', value: null, headers: {}, timestampMs: timeMs }]);
    const mended = { value: false };
    const events = {
      ...codec,
      decode: (bytes: Uint8Array) =>
        mended.value && Buffer.from(bytes).toString() === 'no json'
          ? { type: 'Moved', data: { account: 'a', amount: 5, number: 1 } }
          : codec.decode(bytes),
    };
    const lines: string[] = [];
    const say = (fields: object, message: string) => void lines.push(`${placeOf(fields)} ${message}`);
    const {
      processor: second,
      replies,
      log,
    } = await start('two', {
      codecs: { commands: codec, events },
      limits: { maxRetryMs: 20 },
      logger: { info: say, warn: say, error: say },
    });
    const client = await commandClient({ log, decider: bankDecider(), codec, replies });
    onTestFinished(() => client.close());
    const retry = (command: Command) => client.submit(command, { timeoutMs: 5_000 });
    return { broker, second, submit: retry, lines, mended, first, codec };
  };

  test('halts its partition, where commands are refused until it can be read', async () => {
    const { second, submit, mended, first } = await takeOver(counting);
    const drain = commandOf(withdraw(5));
    expect(await submit(drain)).toMatchObject({ outcome: { kind: 'refused', code: 'partition_halted' } });
    expect([...second.stats.halted]).toEqual([[0, expect.stringContaining('bank.events:0@1')]]);
    // What lies before it is known.
    expect(await submit(first)).toMatchObject({ outcome: { kind: 'accepted', result: { opened: true } } });
    mended.value = true;
    await expect.poll(() => submit(drain)).toMatchObject({ outcome: { kind: 'accepted', result: { left: 0 } } });
    expect(second.stats.halted.size).toBe(0);
    expect(second.stats.conflicts).toBe(0);
  });

  test('makes commands that nobody waits for wait, and those behind them', async () => {
    const { broker, second, submit, mended, codec } = await takeOver(counting);
    const unawaited = commandOf(withdraw(2));
    broker.write('bank.commands', 0, [commandRecord(unawaited, codec.encode('', unawaited))]);
    await expect.poll(() => second.stats.retrying.get(0)).toContain('bank.events:0@1');
    const behind = submit(commandOf(withdraw(3)));
    mended.value = true;
    expect(await behind).toMatchObject({ outcome: { kind: 'accepted', result: { left: 0 } } });
    expect(second.stats.retrying.size).toBe(0);
  });

  test.each([
    ['without headers', {}],
    ['with an outcome alone', { command: 'c', outcome: '{}' }],
    ['with malformed places', { ...counting, 'command-offset': 'x' }],
    ['with a negative place', { ...counting, index: '-1' }],
    ['without an epoch', { ...counting, epoch: '' }],
  ])('but does not count, %s, is passed over, and told', async (_, headers) => {
    const { second, submit, lines } = await takeOver(headers);
    expect(await submit(commandOf(deposit(1)))).toMatchObject({ outcome: { kind: 'accepted' } });
    expect(second.stats).toMatchObject({ foreignRecords: 1, conflicts: 0 });
    expect(lines).toContain('bank.events:0@1 a record that no owner wrote is passed over');
  });

  test.each(['no json', '{}', '{"kind":"refused"'])('nor a tombstone with the outcome %s', async (outcome) => {
    const { second, submit } = await takeOver({ command: 'c', outcome }, null);
    expect(await submit(commandOf(deposit(1)))).toMatchObject({ outcome: { kind: 'accepted' } });
    expect(second.stats.halted.size).toBe(0);
  });

  test('that lands between two appends is passed over, and told', async () => {
    const lines: string[] = [];
    const warn = (fields: object) => void lines.push(placeOf(fields));
    const { broker, submit, processor } = await startBank({ over: { logger: { ...silent, warn } } });
    await submit(commandOf(open));
    broker.write('bank.events', 0, [poison({})]);
    expect(await submit(commandOf(deposit(1)))).toMatchObject({ outcome: { kind: 'accepted' } });
    expect(processor.stats).toMatchObject({ foreignRecords: 1, conflicts: 0 });
    expect(lines).toEqual(['bank.events:0@1']);
  });
});

test.each(['no json', '{}', '[1,null,{"waiter":"w"}]', '[{"waiter":"w","outcome":{"kind":"x"}}]'])(
  'a reply that is none, %s, is for nobody',
  (text) => {
    expect(parseReplies({ value: Buffer.from(text) })).toEqual([]);
  },
);
