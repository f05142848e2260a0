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
  sweepPartition,
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
import { modelPool, type Projector, projectionLag, rebuild, startProjector, verify } from '@palaver/projector';
import { type PostMessage, topics } from '@palaver/schemas';
import { message, type PostResult } from '@palaver/service-messages';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { benchDecider, benchSchemas, type Channel, newChannels, postCommand, postedRecord } from './bench/messages.ts';
import { required } from './testing.ts';

/**
 * The law that erasing rests on: fold(compacted log) = fold(full log). Decider, records and read model are those of messages, on
 * topics of their own with one partition; the compaction is the broker's. The tests follow one log through its life, in order.
 */
const name = `compacted-${newId()}`;
const topic = `${name}.events`;
const decider = benchDecider(name) as unknown as Decider;
const projection = { ...messagesProjection, topics: [topic] };
const databases = { live: `${name}-live`, fresh: `${name}-fresh` };

const brokers = required('PALAVER_TEST_KAFKA').split(',');
const registryUrl = required('PALAVER_TEST_REGISTRY');
const server = required('PALAVER_TEST_POSTGRES');

const log = kafkaLog({ brokers, clientId: 'compaction-test' });
const appender = log.appender();
const live = modelPool({ connectionString: `${server}/${databases.live}`, max: 4 });
const fresh = modelPool({ connectionString: `${server}/${databases.fresh}`, max: 4 });
const projectors: Projector[] = [];
let codec: Codec;
let service: Service;

/** As in production, but that each append closes the segment before it. */
const settings = { ...topics.find((one) => one.name === 'messages.events')!.config, 'segment.ms': '1' };

/** As if all had passed that production waits for: what is erased goes as soon as the cleaner comes by, its tombstone after it. */
const muchLater = {
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '0',
  'min.cleanable.dirty.ratio': '0.001',
};

beforeAll(async () => {
  await createTopics(brokers, [
    { name: `${name}.commands`, partitions: 1 },
    { name: `${name}.replies`, partitions: 1 },
    { name: topic, partitions: 1, config: settings },
  ]);
  const { commands, events } = benchSchemas(name);
  const schemas = [...commands, ...events];
  await registerSchemas({ registryUrl, schemas });
  codec = await avroCodec({ registryUrl, schemas });
  await createDatabases(`${server}/postgres`, Object.values(databases));
  service = await startService();
  await follow(live);
});

afterAll(async () => {
  await service?.close();
  await Promise.all(projectors.map((projector) => projector.close()));
  await Promise.all([log.close(), live.end(), fresh.end()]);
  const admin = new pg.Pool({ connectionString: `${server}/postgres`, max: 1 });
  for (const database of Object.values(databases)) {
    await admin.query(`drop database if exists "${database}" with (force)`);
  }
  await admin.end();
});

const onCrash = (error: Error): void => {
  throw error;
};

type Service = { readonly processor: Processor; readonly client: CommandClient; close(): Promise<void> };

/** An instance of the service that knows nothing but what is on the log. */
const startService = async (): Promise<Service> => {
  const replies = createReplies(newId());
  const processor = await startProcessor({
    log,
    decider,
    codecs: { commands: codec, events: codec },
    store: memoryStateStore(),
    groupId: name,
    replies,
    newEpoch: newId,
    logger: { info: () => {}, warn: console.warn, error: console.error },
    onCrash,
  });
  const client = await commandClient({ log, decider, codec, replies });
  return { processor, client, close: () => Promise.all([processor.close(), client.close()]).then(() => undefined) };
};

const startServiceAnew = async (): Promise<void> => {
  await service.close();
  service = await startService();
};

const [one, other] = newChannels(2) as [Channel, Channel];
const lastSeqs = new Map<Channel, number>();

const submit = async (command: Command) => (await service.client.submit(command, { timeoutMs: 30_000 })).outcome;

type Posted = { readonly command: Command; readonly data: PostMessage; readonly result: PostResult };

/** Posts to the channel, and expects it to get the seq that comes next there. */
const post = async (channel: Channel): Promise<Posted> => {
  const command = postCommand(channel, 'something worth saying '.repeat(100));
  const data = command.data as PostMessage;
  const seq = (lastSeqs.get(channel) ?? 0) + 1;
  lastSeqs.set(channel, seq);
  const result: PostResult = { messageId: data.messageId, seq, createdAtMs: command.timeMs };
  expect(await submit(command)).toEqual({ kind: 'accepted', result });
  return { command, data, result };
};

const postMany = async (): Promise<void> => {
  for (let round = 0; round < 8; round += 1) await Promise.all([post(one), post(other)]);
};

/** Another command to post a message that there is already. */
const postSameMessage = async ({ data }: Posted): Promise<Command> => {
  const command = { ...postCommand(one, data.content), data };
  expect(await submit(command)).toMatchObject({ kind: 'refused', code: 'message_exists' });
  return command;
};

const expectFirstResult = async ({ command, result }: Posted): Promise<void> =>
  expect(await submit(command)).toEqual({ kind: 'accepted', result });

const readLog = async (): Promise<readonly LogRecord[]> => {
  const records: LogRecord[] = [];
  await log.read(topic, [{ partition: 0, from: 0 }], (batch) => void records.push(...batch.records));
  return records;
};

const lateEpoch = newId();

/** What an owner that does not know that it was replaced makes of the same commands: the same, in its own name. */
const appendLate = async (records: readonly LogRecord[]): Promise<void> => {
  const late = records.map(
    (record): NewRecord => ({
      ...record,
      key: record.key.replace(/[^/]*$/, lateEpoch),
      headers: { ...record.headers, [eventHeaders.epoch]: lateEpoch },
    }),
  );
  await appender.append(topic, 0, late);
};

/** What such an owner makes of a refused command when it is of an older version, which accepts it. */
const appendLateAcceptance = async (refused: Command, marker: LogRecord): Promise<void> => {
  const command = { ...refused, data: { ...(refused.data as PostMessage), messageId: newId() } };
  const commandOffset = Number(marker.headers[eventHeaders.commandOffset]);
  await appender.append(topic, 0, [
    postedRecord(codec, topic, { command, seq: 1_000, commandOffset, epoch: lateEpoch }),
  ]);
};

const keysOf = (records: readonly LogRecord[]): string[] => records.map(({ key }) => key);

/** The events that every reader takes. */
const thoseThatCount = (records: readonly LogRecord[]): readonly LogRecord[] => {
  const taken = new TakenRecords(null);
  return records.filter((record) => taken.take(record) && record.value !== null);
};

const rollKey = 'sweep';

/** Closes the newest segment, as the sweep does, and nothing else. */
const roll = () => appender.append(topic, 0, [{ key: rollKey, value: null, headers: {}, timestampMs: Date.now() }]);

const sweep = () => sweepPartition({ log, appender, topic, partition: 0, codec, ends: () => false });

/** Waits until the broker has taken away markers and tombstones, which go last; returns what is left. */
const compacted = async (closeSegment: () => Promise<unknown>): Promise<readonly LogRecord[]> => {
  let left: readonly LogRecord[] = [];
  const erasing = async (): Promise<readonly LogRecord[]> => {
    await closeSegment();
    left = (await readLog()).filter(({ key }) => key !== rollKey);
    return left.filter(({ value }) => value === null);
  };
  await expect.poll(erasing, { timeout: 60_000, interval: 500 }).toEqual([]);
  return left;
};

/** Follows the log into this model until the test ends, from the log's beginning when the model is new. */
const follow = async (pool: pg.Pool): Promise<void> => {
  const groupId = `${name}-${projectors.length}`;
  const projector = startProjector({ log, projection, codec, pool, groupId, onCrash });
  projectors.push(projector);
  await projector.started;
};

const rowsOf = async (pool: pg.Pool): Promise<readonly Record<string, unknown>[]> => {
  const lag = async () => (await projectionLag(log, pool, projection)).map((at) => at.lag);
  await expect.poll(lag, { timeout: 20_000 }).toEqual([0]);
  return (await pool.query('select * from message order by channel_id, seq')).rows;
};

const differences = async () => {
  const { firstDifferences, parked } = await verify({ log, projection, codec, pool: live });
  expect(parked).toEqual({ live: 0, fresh: 0 });
  return firstDifferences.map(({ kind, key }) => ({ kind, key }));
};

const rebuildLive = () => rebuild({ log, projection, codec, pool: live });

let first: Posted;

test('what a late writer, a refusal and a repeat leave is compacted away, and every read model stays', async () => {
  await postMany();
  const early = await readLog();
  first = await post(one);
  await appendLate((await readLog()).slice(-1));
  const refused = await postSameMessage(first);
  const marker = (await readLog()).find(({ headers }) => headers[eventHeaders.command] === refused.id)!;
  await appendLateAcceptance(refused, marker);
  await postMany();
  await expectFirstResult(first);
  await appendLate(early);
  await postMany();
  const { stats } = service.processor;
  expect(stats).toMatchObject({ refused: 1, repeated: 1, conflicts: 0, lostRecords: early.length + 2 });

  const full = await readLog();
  const rows = await rowsOf(live);
  expect(rows).toHaveLength(lastSeqs.get(one)! + lastSeqs.get(other)!);
  expect(await differences()).toEqual([]);

  await createTopics(brokers, [{ name: topic, partitions: 1, config: { ...settings, ...muchLater } }]);
  const left = await compacted(roll);
  expect(await differences()).toEqual([]);
  expect(keysOf(left)).toEqual(keysOf(thoseThatCount(full)));
  await rebuildLive();
  expect(await rowsOf(live)).toEqual(rows);
  await follow(fresh);
  expect(await rowsOf(fresh)).toEqual(rows);
}, 120_000);

test('an owner that has nothing but the compacted log decides and remembers as the one before', async () => {
  await startServiceAnew();
  await expectFirstResult(first);
  await postSameMessage(first);
  await postMany();
  expect(service.processor.stats).toMatchObject({ conflicts: 0, lostRecords: 0 });
}, 60_000);

test('a message that is erased takes nothing with it, whatever is known of it', async () => {
  const { stream } = message.of(first.data.channelId, first.data.messageId);
  const isErased = ({ key }: { key: string }): boolean => key.startsWith(`${stream}/`);
  const erased = (await readLog()).filter(isErased);
  const tombstones = erased.map(({ key }) => ({ key, value: null, headers: {}, timestampMs: Date.now() }));
  await appender.append(topic, 0, tombstones);
  // Nobody but the sweep is left to find this one.
  await appendLate(erased);
  const rows = await rowsOf(live);

  const left = await compacted(sweep);
  expect(left.filter(isErased)).toEqual([]);
  const key = { channel_id: first.data.channelId, seq: String(first.result.seq) };
  expect(await differences()).toEqual([{ kind: 'surplus', key }]);
  await rebuildLive();
  expect(await rowsOf(live)).toEqual(rows.filter(({ id }) => id !== first.data.messageId));

  await startServiceAnew();
  await postMany();
  expect(service.processor.stats).toMatchObject({ conflicts: 0, lostRecords: 0 });
}, 120_000);
