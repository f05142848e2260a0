import {
  type Command,
  type CommandClient,
  commandClient,
  createReplies,
  type Decider,
  memoryStateStore,
  newId,
  type Processor,
  startProcessor,
} from '@palaver/decider';
import {
  avroCodec,
  type Codec,
  eventHeaders,
  kafkaLog,
  type LogRecord,
  type NewRecord,
  registerSchemas,
  TakenRecords,
} from '@palaver/event-log';
import { createDatabases, createTopics } from '@palaver/local';
import { messagesProjection } from '@palaver/projection-messages';
import { modelPool, projectionLag, rebuild, startProjector, verify } from '@palaver/projector';
import { type PostMessage, topics } from '@palaver/schemas';
import { message, type PostResult } from '@palaver/service-messages';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { benchDecider, benchSchemas, type Channel, newChannels, postCommand, postedRecord } from './bench/messages.ts';
import { required } from './testing.ts';

/**
 * The law that compaction rests on: fold(compacted log) = fold(full log). The service, its records and its read model are those
 * of messages, on topics of their own with one partition; the compaction is the broker's.
 */
const name = `compacted-${newId()}`;
const topic = `${name}.events`;
const decider = benchDecider(name) as unknown as Decider;
const projection = { ...messagesProjection, topics: [topic] };
const brokers = required('PALAVER_TEST_KAFKA').split(',');
const registryUrl = required('PALAVER_TEST_REGISTRY');
const server = required('PALAVER_TEST_POSTGRES');
const databases = { live: `${name}-live`, fresh: `${name}-fresh` };

const log = kafkaLog({ brokers, clientId: 'compaction-test' });
const appender = log.appender();
const live = modelPool({ connectionString: `${server}/${databases.live}`, max: 4 });
const fresh = modelPool({ connectionString: `${server}/${databases.fresh}`, max: 4 });
const admin = new pg.Pool({ connectionString: `${server}/postgres`, max: 1 });
let codec: Codec;

/** As in production, but that a segment ends with the next append, which closes it to compaction no longer. */
const eventSettings = { ...topics.find((one) => one.name === 'messages.events')?.config, 'segment.ms': '1' };

/** As if all that production waits for had passed: erased, and what erased it, goes as soon as the cleaner comes by. */
const settingsOfMuchLater = {
  ...eventSettings,
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '0',
  'min.cleanable.dirty.ratio': '0.001',
};

beforeAll(async () => {
  await createTopics(brokers, [
    { name: `${name}.commands`, partitions: 1 },
    { name: `${name}.replies`, partitions: 1 },
    { name: topic, partitions: 1, config: eventSettings },
  ]);
  const { commands, events } = benchSchemas(name);
  const schemas = [...commands, ...events];
  await registerSchemas({ registryUrl, schemas });
  codec = await avroCodec({ registryUrl, schemas });
  await createDatabases(`${server}/postgres`, Object.values(databases));
});

afterAll(async () => {
  await log.close();
  await Promise.all([live.end(), fresh.end()]);
  for (const database of Object.values(databases)) await admin.query(`drop database "${database}" with (force)`);
  await admin.end();
});

const onCrash = (error: Error): void => {
  throw error;
};

type Service = { readonly processor: Processor; readonly client: CommandClient; close(): Promise<void> };

/** An instance of the service that knows nothing but the log. */
const startService = async (): Promise<Service> => {
  const replies = createReplies(newId());
  const logger = { info: () => {}, warn: console.warn, error: console.error };
  const processor = await startProcessor({
    log,
    decider,
    codecs: { commands: codec, events: codec },
    store: memoryStateStore(),
    groupId: name,
    replies,
    newEpoch: newId,
    logger,
    onCrash,
  });
  const client = await commandClient({ log, decider, codec, replies });
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= Promise.all([processor.close(), client.close()]).then(() => undefined));
  onTestFinished(close);
  return { processor, client, close };
};

/** Follows the log into this database, from its beginning when it is new, and resolves when it has come to the end. */
const follow = async (pool: pg.Pool, groupId: string): Promise<void> => {
  const projector = startProjector({ log, projection, codec, pool, groupId, onCrash });
  onTestFinished(() => projector.close());
  await projector.started;
  await caughtUp(pool);
};

const caughtUp = (pool: pg.Pool) =>
  expect
    .poll(async () => (await projectionLag(log, pool, projection)).map(({ lag }) => lag), { timeout: 20_000 })
    .toEqual([0]);

const rowsOf = async (pool: pg.Pool): Promise<readonly Record<string, unknown>[]> =>
  (await pool.query('select * from message order by channel_id, seq')).rows;

const differences = async () => {
  const { tables, firstDifferences, parked } = await verify({ log, projection, codec, pool: live });
  expect(parked).toEqual({ live: 0, fresh: 0 });
  expect(tables.reduce((sum, table) => sum + table.differences, 0)).toBe(firstDifferences.length);
  return firstDifferences.map(({ table, kind, key }) => ({ table, kind, key }));
};

const readAll = async (): Promise<LogRecord[]> => {
  const records: LogRecord[] = [];
  await log.read(topic, [{ partition: 0, from: 0 }], (batch) => void records.push(...batch.records));
  return records;
};

const rollKey = 'roll';

/** Waits until markers and tombstones are gone, which go last. Only what lies before the newest segment can go, so it rolls. */
const compacted = async (): Promise<LogRecord[]> => {
  let rest: LogRecord[] = [];
  const roll = { key: rollKey, value: null, headers: {} };
  await expect
    .poll(
      async () => {
        await appender.append(topic, 0, [{ ...roll, timestampMs: Date.now() }]);
        rest = (await readAll()).filter(({ key }) => key !== rollKey);
        return rest.filter(({ value }) => value === null).length;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBe(0);
  return rest;
};

const keysOf = (records: readonly LogRecord[]): string[] => records.map(({ key }) => key);

/** Keys of the events that every reader takes, in order. */
const keysThatCount = (records: readonly LogRecord[]): string[] => {
  const taken = new TakenRecords(null);
  return keysOf(records.filter((record) => taken.take(record) && record.value !== null));
};

const lateEpoch = newId();

/** What an owner that does not know that it was replaced makes of the same command: the same, in its own name. */
const repeatedLate = (record: LogRecord): NewRecord => ({
  ...record,
  key: record.key.replace(/[^/]*$/, lateEpoch),
  headers: { ...record.headers, [eventHeaders.epoch]: lateEpoch },
});

test('what the broker compacts away changes no read model and no decision', { timeout: 240_000 }, async () => {
  const [one, other] = newChannels(2) as [Channel, Channel];
  const lastSeqs = new Map<Channel, number>();
  let service = await startService();
  await follow(live, `${name}-live`);

  const submit = async (command: Command) => (await service.client.submit(command, { timeoutMs: 30_000 })).outcome;
  const post = async (channel: Channel): Promise<{ command: Command; data: PostMessage; result: PostResult }> => {
    const command = postCommand(channel, 'x'.repeat(2_000));
    const outcome = await submit(command);
    if (outcome.kind === 'refused') throw new Error(outcome.detail);
    const result = outcome.result as unknown as PostResult;
    const seq = (lastSeqs.get(channel) ?? 0) + 1;
    lastSeqs.set(channel, seq);
    expect(result.seq).toBe(seq);
    return { command, data: command.data as PostMessage, result };
  };
  const postMany = async (count: number) => {
    for (let index = 0; index < count; index++) await Promise.all([post(one), post(other)]);
  };
  const refusal = async ({ data }: { data: PostMessage }): Promise<Command> => {
    const command = postCommand(other, 'the same message again');
    const again = { ...command, data: { ...data, content: 'again' } };
    expect(await submit(again)).toMatchObject({ kind: 'refused', code: 'message_exists' });
    return again;
  };

  // Posted, refused and repeated; and a late writer, whose records are followed by those of the owner that find them.
  await postMany(8);
  const early = await readAll();
  const first = await post(one);
  const repeated = await readAll();
  await appender.append(topic, 0, [repeatedLate(repeated.at(-1)!)]);
  const refused = await refusal(first);
  const marker = (await readAll()).filter(({ headers }) => headers[eventHeaders.command] === refused.id).at(-1)!;
  const accepted = { ...refused, data: { ...(refused.data as PostMessage), messageId: newId() } };
  const commandOffset = Number(marker.headers[eventHeaders.commandOffset]);
  const acceptedLate = { command: accepted, seq: 1_000, commandOffset, epoch: lateEpoch };
  await appender.append(topic, 0, [postedRecord(codec, topic, acceptedLate)]);
  await postMany(8);
  expect(await submit(first.command)).toEqual({ kind: 'accepted', result: first.result });
  await appender.append(topic, 0, early.map(repeatedLate));
  await postMany(8);
  expect(service.processor.stats).toMatchObject({
    conflicts: 0,
    lostRecords: early.length + 2,
    refused: 1,
    repeated: 1,
  });

  const full = await readAll();
  await caughtUp(live);
  const rows = await rowsOf(live);
  expect(rows).toHaveLength(lastSeqs.get(one)! + lastSeqs.get(other)!);
  expect(await differences()).toEqual([]);

  await createTopics(brokers, [{ name: topic, partitions: 1, config: settingsOfMuchLater }]);
  const rest = await compacted();
  await caughtUp(live);
  expect(await differences()).toEqual([]);
  expect(keysOf(rest)).toEqual(keysThatCount(full));
  expect(rest.length).toBeLessThan(full.length);
  await rebuild({ log, projection, codec, pool: live });
  expect(await rowsOf(live)).toEqual(rows);
  await follow(fresh, `${name}-fresh`);
  expect(await rowsOf(fresh)).toEqual(rows);

  // A new owner, with nothing but what is left of the log.
  await service.close();
  service = await startService();
  expect(await submit(first.command)).toEqual({ kind: 'accepted', result: first.result });
  await refusal(first);
  await postMany(2);

  // A message is erased: with all its records, and nothing else.
  const { stream } = message.of(first.data.channelId, first.data.messageId);
  const ofStream = (await readAll()).filter(({ key }) => key.startsWith(`${stream}/`));
  expect(ofStream).toHaveLength(1);
  const before = await rowsOf(live);
  const tombstones = ofStream.map(({ key }) => ({ key, value: null, headers: {}, timestampMs: Date.now() }));
  await appender.append(topic, 0, tombstones);
  await postMany(2);
  await caughtUp(live);
  const all = await rowsOf(live);
  expect(await compacted().then(keysOf)).not.toContain(ofStream[0]!.key);
  await caughtUp(live);
  const key = { channel_id: first.data.channelId, seq: String(first.result.seq) };
  expect(await differences()).toEqual([{ table: 'message', kind: 'surplus', key }]);
  await rebuild({ log, projection, codec, pool: live });
  expect(await rowsOf(live)).toEqual(all.filter(({ id }) => id !== first.data.messageId));
  expect(before).toHaveLength(all.length - 4);

  await service.close();
  service = await startService();
  await postMany(1);
  expect(service.processor.stats).toMatchObject({ conflicts: 0, lostRecords: 0 });
});
