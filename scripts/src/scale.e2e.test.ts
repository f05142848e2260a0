/** Instances of a projection share its partitions: a second one halves the work, without it all is the first one's again; each row is written once. */
import { partitionOf } from '@palaver/event-log';
import { type Account, signUp } from '@palaver/http/testing';
import { topics } from '@palaver/schemas';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { done, headersOf } from './client/client.ts';
import { processUrl, startSecond, stopProcess, until } from './house/control-client.ts';
import { models } from './models.ts';
import { client, required } from './testing.ts';

const away = 120_000;
const partitions = topics.find(({ name }) => name === 'messages.events')!.partitions;
let ada: Account;
/** One on each partition. */
let channels: readonly string[];
let database: pg.Client;

beforeAll(async () => {
  ada = await signUp();
  channels = await channelOnEachPartition();
  database = new pg.Client({ connectionString: `${required('PALAVER_TEST_POSTGRES')}/${models.messages!.database}` });
  await database.connect();
  await database.query(`
    create table written (id uuid);
    create function note_written() returns trigger language plpgsql as
      'begin insert into public.written values (new.id); return null; end';
    create trigger note_written after insert or update on model.message for each row execute function note_written()`);
}, away);

afterAll(async () => {
  await database?.query(`
    drop trigger if exists note_written on model.message;
    drop function if exists note_written; drop table if exists written`);
  await database?.end();
  await stopProcess('messages-projection-2').catch(() => undefined);
}, away);

const channelOnEachPartition = async (): Promise<readonly string[]> => {
  const headers = headersOf(ada);
  const { body: server } = await done(client.POST('/servers', { headers, body: { name: 'Wide' } }));
  const params = { path: { serverId: server.id } };
  const found = new Map<number, string>();
  for (let count = 0; found.size < partitions; count += 1) {
    const asked = client.POST('/servers/{serverId}/channels', { params, headers, body: { name: `channel ${count}` } });
    const { id } = (await done(asked)).body;
    found.set(partitionOf(id, partitions), id);
  }
  return [...found.values()];
};

/** Messages that an instance has folded since its start. */
const foldedBy = async (name: 'messages-projection' | 'messages-projection-2'): Promise<number> => {
  const text = await (await fetch(`${await processUrl(name)}/metrics`)).text();
  return Number(/^projection_events_total\{[^}]*topic="messages\.events"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
};

const posted: string[] = [];
/** One message into each channel; resolves when all can be read. */
const postRound = async (): Promise<void> => {
  const post = async (channelId: string): Promise<void> => {
    const { body, position } = await done(
      client.POST('/channels/{channelId}/messages', {
        params: { path: { channelId } },
        headers: headersOf(ada),
        body: { content: 'hello' },
      }),
    );
    posted.push(body.id);
    const params = { path: { channelId, messageId: body.id } };
    const headers = headersOf({ ...ada, position });
    await until(
      'the message',
      () => client.GET('/channels/{channelId}/messages/{messageId}', { params, headers }),
      ({ response }) => response.status === 200,
    );
  };
  await Promise.all(channels.map(post));
};

test(
  'a second instance halves the work, and gives it back',
  async () => {
    const first = () => foldedBy('messages-projection');
    const second = () => foldedBy('messages-projection-2');
    const before = await first();
    await postRound();
    await until('the first to fold all', first, (count) => count === before + partitions);

    await startSecond('messages-projection');
    const shareOfRound = async (): Promise<readonly [number, number]> => {
      const [a, b] = await Promise.all([first(), second()]);
      await postRound();
      const total = a + b + partitions;
      await until(
        'all to be folded',
        async () => (await first()) + (await second()),
        (sum) => sum === total,
      );
      return [(await first()) - a, (await second()) - b];
    };
    const half = [partitions / 2, partitions / 2];
    await until('both to share', shareOfRound, (share) => String(share) === String(half));
    for (let round = 0; round < 5; round += 1) expect(await shareOfRound()).toEqual(half);

    const [alone, left] = await Promise.all([first(), second()]);
    await stopProcess('messages-projection-2');
    for (let round = 0; round < 5; round += 1) await postRound();
    await until('the first to fold all again', first, (count) => count === alone + 5 * partitions);

    // No gap and no repeat: as many events as messages, and one write of each row.
    expect(alone + 5 * partitions - before + left).toBe(posted.length);
    const { rows } = await database.query<{ id: string; times: string }>(
      'select id, count(*) as times from written where id = any($1::uuid[]) group by id order by id',
      [posted],
    );
    expect(rows).toEqual(posted.toSorted().map((id) => ({ id, times: '1' })));
  },
  away,
);
