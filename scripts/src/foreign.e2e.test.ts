/** What somebody writes to the topics past every service: no process falls over it, none is silent about it, and all goes on. */
import { kafkaLog } from '@palaver/event-log';
import { signUp } from '@palaver/http/testing';
import { topics } from '@palaver/schemas';
import { expect, onTestFinished, test } from 'vitest';
import { done, headersOf } from './client/client.ts';
import { listProcesses, processUrl, until } from './house/control-client.ts';
import type { ProcessName } from './house/processes.ts';
import { client, required } from './testing.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const payloads = [new Uint8Array(), utf8('{"hello":"world"}'), Uint8Array.of(0, 0x7f, 0, 0, 0, 2, 120)];

const metric = async (name: ProcessName, line: RegExp): Promise<number> => {
  const text = await (await fetch(`${await processUrl(name)}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
};

test('every process goes on, and says what it passed over', async () => {
  const pids = async () => (await listProcesses()).map(({ name, pid }) => `${name} ${pid}`).sort();
  const before = await pids();
  const faulty = () => metric('messages', /^decider_stats\{what="faulty"[^}]*\} (\d+)/m);
  const foreign = () => metric('messages-projection', /^projection_foreign_records_total\S* (\d+)/m);
  const [faultyBefore, foreignBefore] = [await faulty(), await foreign()];

  const log = kafkaLog({ brokers: required('PALAVER_TEST_KAFKA').split(','), clientId: 'stranger' });
  onTestFinished(() => log.close());
  const appender = log.appender();
  const records = payloads.map((value) => ({ key: '', value, headers: {}, timestampMs: Date.now() }));
  for (const { name, partitions } of topics)
    for (let partition = 0; partition < partitions; partition += 1) await appender.append(name, partition, records);

  const ada = await signUp();
  const headers = headersOf({ ...ada, idempotencyKey: 'still-here' });
  const { body: server } = await done(client.POST('/servers', { headers, body: { name: 'Strangers' } }));
  const params = { path: { channelId: server.channels[0]!.id } };
  const post = () =>
    client.POST('/channels/{channelId}/messages', { params, headers, body: { content: 'still here' } });
  await until('a post', post, ({ response }) => response.status === 201);
  await until(
    'its being read',
    () => client.GET('/channels/{channelId}/messages', { params, headers: headersOf(ada) }),
    ({ data }) => data?.items.length === 1,
  );

  const partitions = topics.find(({ name }) => name === 'messages.commands')!.partitions;
  const written = partitions * payloads.length;
  await until('all commands to be refused', faulty, (count) => count === faultyBefore + written);
  await until('all events to be passed over', foreign, (count) => count >= foreignBefore + written);
  expect(await pids()).toEqual(before);
  expect(await metric('messages', /^decider_stats\{what="halted"[^}]*\} (\d+)/m)).toBe(0);
  const health = (await (await fetch(`${await processUrl('messages')}/health/ready`)).json()) as { checks: object[] };
  expect(health.checks).toContainEqual({ name: 'partitions', ok: true, optional: true, detail: 'all decide' });
}, 60_000);
