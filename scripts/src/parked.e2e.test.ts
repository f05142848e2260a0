/**
 * An event on the log that no read model can take in: its stream stands still and all others go on, whoever looks sees it, and it is
 * skipped over the admin API of one worker and by the command for the other.
 */
import { readFileSync } from 'node:fs';
import {
  avroCodec,
  eventHeaders,
  eventKey,
  kafkaLog,
  type LogRecord,
  type Message,
  originOf,
  partitionOf,
} from '@palaver/event-log';
import { signUp } from '@palaver/http/testing';
import { allSchemas } from '@palaver/schemas';
import { expect, test } from 'vitest';
import { done, headersOf } from './client/client.ts';
import { processUrl, until } from './house/control-client.ts';
import { secretFiles } from './house/secrets.ts';
import { client, palaver, required } from './testing.ts';

const topic = 'messages.events';
const dataDir = required('PALAVER_TEST_DATA');
const run = (...args: string[]) => palaver(args, { dataDir });

const admin = async (name: 'messages-projection' | 'search-projection', route: string, body?: unknown) => {
  const [method, path] = route.split(' ') as [string, string];
  const response = await fetch((await processUrl(name)) + path, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(secretFiles(dataDir).adminToken, 'utf8').trim()}`,
      'content-type': 'application/json',
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
};

/** Puts a message of nobody, which is no author's id, behind the last record of a channel's partition. Returns where it is. */
const appendOfNobody = async (channelId: string, messageId: string) => {
  const log = kafkaLog({ brokers: required('PALAVER_TEST_KAFKA').split(','), clientId: 'parked-test' });
  try {
    const codec = await avroCodec({ registryUrl: required('PALAVER_TEST_REGISTRY'), schemas: allSchemas });
    const partition = partitionOf(channelId, await log.partitions(topic));
    const records: LogRecord[] = [];
    await log.read(topic, [{ partition, from: 0 }], (batch) => void records.push(...batch.records));
    await codec.prepare(records.map(({ value }) => value));
    const posted = records
      .filter(({ key }) => key.startsWith(`message:${channelId}:`))
      .map(({ value }) => codec.decode(value!))
      .findLast(({ type }) => type === 'MessagePosted') as Message & { data: { seq: number } };
    const data = { ...posted.data, messageId, seq: posted.data.seq + 1, authorId: 'nobody' };
    // As if the command before had had one event more: so readers take it, and whatever is decided after it.
    const { headers } = records.findLast((record) => originOf(record.headers) !== null)!;
    const { epoch, index, commandOffset } = originOf(headers)!;
    const stream = `message:${channelId}:${messageId}`;
    const { baseOffset } = await log.appender().append(topic, partition, [
      {
        key: eventKey(stream, 1, epoch),
        value: codec.encode(topic, { type: 'MessagePosted', data }),
        timestampMs: Date.now(),
        headers: {
          [eventHeaders.epoch]: epoch,
          [eventHeaders.index]: String(index + 1),
          [eventHeaders.commandOffset]: String(commandOffset),
        },
      },
    ]);
    return { partition, stream, offset: baseOffset };
  } finally {
    await log.close();
  }
};

test('an event that cannot be taken in is seen everywhere, holds nobody else up, and is skipped for good', async () => {
  const ada = await signUp();
  const headers = headersOf(ada);
  const { body: server } = await done(client.POST('/servers', { headers, body: { name: 'Parked' } }));
  const channelId = server.channels[0]!.id;
  const params = { path: { channelId } };
  const post = (content: string) =>
    client.POST('/channels/{channelId}/messages', { params, headers, body: { content } });
  await until(
    'a post',
    () => post('before'),
    ({ response }) => response.status === 201,
  );

  const { partition, stream, offset } = await appendOfNobody(channelId, crypto.randomUUID());
  await until(
    'another post',
    () => post('after'),
    ({ response }) => response.status === 201,
  );
  for (const name of ['messages-projection', 'search-projection'] as const)
    await until(
      `${name} to park it`,
      () => admin(name, 'GET /admin/parked'),
      ({ body }) => body.events === 1,
    );
  const history = await until(
    'the history',
    () => client.GET('/channels/{channelId}/messages', { params, headers }),
    ({ data }) => data?.items.length === 2,
  );
  expect(history.data?.items.map(({ content }) => content)).toEqual(['after', 'before']);

  const ready = await fetch(`${await processUrl('messages-projection')}/health/ready`);
  expect(ready.status).toBe(200);
  expect(((await ready.json()) as { checks: unknown[] }).checks).toContainEqual(
    expect.objectContaining({ name: 'parked', ok: false, optional: true }),
  );
  const place = `${topic}:${partition}`;
  const listed = await run('parked', 'list', 'messages', 'files');
  expect(listed.code).toBe(0);
  expect(listed.output).toContain('messages: 1 event of 1 stream');
  expect(listed.output).toContain(`${place} ${stream} 1 from offset ${offset}`);
  expect(listed.output).toContain('InvalidChange: message.author_id is no uuid');
  expect(listed.output).toContain('files: nothing is parked');
  expect((await run('parked', 'show', 'messages', place, stream)).output).toContain('"authorId":"nobody"');
  expect(await run('verify', 'messages')).toMatchObject({
    code: 1,
    output: expect.stringContaining('the live models equal the log, but for 1 parked event (palaver parked list)'),
  });

  const path = `/admin/parked/${topic}/${partition}/${encodeURIComponent(stream)}`;
  expect(await admin('messages-projection', `POST ${path}/retry`)).toMatchObject({
    status: 200,
    body: { outcome: 'parked', left: 1 },
  });
  const why = { offset, reason: 'nobody wrote it', by: 'ada' };
  expect(await admin('messages-projection', `POST ${path}/skip`, why)).toMatchObject({
    status: 200,
    body: { outcome: 'drained' },
  });

  expect(await run('parked', 'retry', 'search')).toMatchObject({
    code: 1,
    output: expect.stringContaining('1 still parked'),
  });
  const skipping = ['parked', 'skip', 'search', place, stream, String(offset)];
  expect(await run(...skipping, '--reason', 'nobody wrote it')).toMatchObject({
    code: 0,
    output: expect.stringContaining('skipped'),
  });
  expect((await run('parked', 'list', 'messages', '--skipped')).output).toContain(
    `${stream} offset ${offset}, by ada at`,
  );
  expect(await run('verify', 'messages', 'search')).toMatchObject({
    code: 0,
    output: expect.stringContaining('the live models equal the log\n'),
  });
}, 180_000);
