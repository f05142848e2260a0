import { memoryBroker } from '@palaver/event-log';
import { type Projector, projectionLag, startProjector } from '@palaver/projector';
import { EventWriter, jsonCodec, type TestDatabase, testDatabase, until } from '@palaver/projector/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Hit, type Search, type SearchQueries, SearchTooLong, searchProjection, searchQueries } from './search.ts';

/** Queries on Postgres, of rows that the fold has written. */

const topic = 'messages.events';
const [server, otherServer, talk, secret, elsewhere, ada, bob] = Array.from(
  { length: 7 },
  (_, index) => `0000000${index}-0000-7000-8000-000000000000`,
) as [string, string, string, string, string, string, string];

let database: TestDatabase;
let queries: SearchQueries;
let broker: ReturnType<typeof memoryBroker>;
let projector: Projector | undefined;
let writer: EventWriter;
let seq: number;
beforeEach(async () => {
  database = await testDatabase();
  queries = searchQueries(database.pool);
  broker = memoryBroker({ partitions: 1 });
  writer = new EventWriter();
  seq = 0;
});
afterEach(async () => {
  await projector?.close();
  await database?.drop();
});

const idOf = (of: number): string => `${String(of).padStart(8, '0')}-1111-7000-8000-000000000000`;
const startMs = Date.UTC(2026, 0, 1);
const event = (type: string, data: object, ms = startMs): void => {
  const record = writer.record(`message ${seq}`, jsonCodec.encode('', { type, data }));
  broker.write(topic, 0, [{ ...record, timestampMs: ms }]);
};
type About = { channelId?: string; serverId?: string; authorId?: string; ms?: number };
/** The seqs of messages count on through all channels; each is posted a second after the one before. */
const post = (content: string, about: About = {}): number => {
  seq += 1;
  const { channelId = talk, serverId = server, authorId = ada, ms = startMs + seq * 1_000 } = about;
  event('MessagePosted', { messageId: idOf(seq), channelId, serverId, authorId, content, seq, attachments: [] }, ms);
  return seq;
};

const fold = async (): Promise<void> => {
  const log = broker.log('search');
  const { pool } = database;
  const onCrash = (error: Error) => {
    throw error;
  };
  const parts = { log, projection: searchProjection, codec: jsonCodec, pool, groupId: 'search', onCrash };
  projector = startProjector(parts);
  await until('the model has caught up', async () =>
    (await projectionLag(log, pool, searchProjection).catch(() => [{ lag: 1 }])).every(({ lag }) => lag === 0),
  );
  expect((await pool.query('select error from parked')).rows).toEqual([]);
};

const inTalk = { channelId: talk };
const walk = async (about: Partial<Search>): Promise<readonly Hit[]> => {
  const hits: Hit[] = [];
  for (;;) {
    const after = hits.at(-1);
    const page = await queries.search({ scope: inTalk, limit: 50, ...about, ...(after ? { after } : {}) });
    hits.push(...page.items);
    if (!page.hasMore) return hits;
  }
};
const found = async (about: Partial<Search> | string): Promise<readonly number[]> =>
  (await walk(typeof about === 'string' ? { text: about } : about)).map((hit) => hit.seq);

/** Messages that hold none of the words of these tests: enough that not all is among the newest ones that are looked through. */
const chatter = (): void => {
  for (let count = 0; count < 320; count += 1) post(`chatter ${count}`);
};

describe.each([
  ['among the newest messages', () => {}],
  ['by the index of terms', chatter],
])('text is found %s', (_, more) => {
  test('by words as they are written, in whatever language, and by English stems', async () => {
    const [cats, umlaut, cyrillic, japanese] = [
      post('My CATS were running'),
      post('ÜBER allem'),
      post('Привет'),
      post('日本語'),
    ];
    more();
    await fold();
    for (const text of ['cats', 'cat', 'Cat running', 'run', 'my', 'were'])
      expect(await found(text), text).toEqual([cats]);
    expect(await found('über')).toEqual([umlaut]);
    expect(await found('ПРИВЕТ')).toEqual([cyrillic]);
    expect(await found('日本語')).toEqual([japanese]);
    expect(await found('cats dogs')).toEqual([]);
    expect(await found('dogs OR über')).toEqual([umlaut]);
  });

  test('that consists of nothing but stop words of English', async () => {
    const who = post('The Who, live');
    post('who is it');
    more();
    await fold();
    expect(await found('the who')).toEqual([who]);
    expect(await found('"the who"')).toEqual([who]);
  });

  test('by phrases, which are meant as they are written', async () => {
    const [inOrder] = [post('kernel panic again'), post('panic: kernel'), post('kernels panicking')];
    const byStem = post('some kernel panics');
    const [withThe] = [post('the cat sat'), post('a cat sat')];
    more();
    await fold();
    expect(await found('"kernel panic"')).toEqual([byStem, inOrder]);
    expect(await found('"kernel panics"')).toEqual([byStem]);
    expect(await found('"the cat"')).toEqual([withThe]);
    // From the last word of a message on to its first stem.
    expect(await found('"again kernel"')).toEqual([]);
  });

  test('without what is excluded', async () => {
    const [one, other] = [post('kernel panic'), post('the kernel')];
    more();
    await fold();
    expect(await found('kernel')).toEqual([other, one]);
    expect(await found('kernel -panic')).toEqual([other]);
    expect(await found('kernel -the')).toEqual([one]);
    expect(await found('kernel -"kernel panic"')).toEqual([other]);
    expect(await found('-chatter -the')).toEqual([one]);
  });

  test('by addresses, whole or in part', async () => {
    const one = post('see HTTP://Example.com/some/Path?x=1 for more');
    more();
    await fold();
    for (const text of ['http://example.com/some/path?x=1', 'example.com', 'example.com/some/path?x=1'])
      expect(await found(text), text).toEqual([one]);
    expect(await found('http://example.org')).toEqual([]);
  });

  test('but not by what holds no word, nor by what only the index says', async () => {
    post('??? http://example.com');
    more();
    await fold();
    for (const text of ['???', ' ', 'https://', '""', '-', `channel ${talk}`, `" channel ${talk}"`, 'has link'])
      expect(await found(text), text).toEqual([]);
  });

  test('where, by whom and with what it was asked for', async () => {
    const plain = post('kernel');
    const link = post('kernel https://kernel.org', { authorId: bob });
    const hidden = post('kernel', { channelId: secret });
    const direct = post('kernel', { channelId: elsewhere, serverId: elsewhere });
    const far = idOf(999_999);
    post('kernel', { channelId: far, serverId: otherServer });
    more();
    await fold();
    const text = 'kernel';
    expect(await found({ text })).toEqual([link, plain]);
    expect(await found({ text, authorId: bob })).toEqual([link]);
    expect(await found({ authorId: bob })).toEqual([link]);
    expect(await found({ text, has: 'link' })).toEqual([link]);
    expect(await found({ has: 'link', authorId: bob })).toEqual([link]);
    expect(await found({ text, scope: { serverId: server, channelIds: [talk, secret] } })).toEqual([
      hidden,
      link,
      plain,
    ]);
    expect(await found({ text, scope: { serverId: server, channelIds: [talk, far] } })).toEqual([link, plain]);
    expect(await found({ text, scope: { serverId: server, channelIds: [] } })).toEqual([]);
    expect(await found({ text, scope: { channelId: elsewhere } })).toEqual([direct]);
    const [from, until] = [new Date(startMs + 1_000), new Date(startMs + 2_000)];
    expect(await found({ text, until })).toEqual([plain]);
    expect(await found({ text, from: until })).toEqual([link]);
    expect(await found({ text, from, until })).toEqual([plain]);
    expect(await found({ from, until })).toEqual([plain]);
  });
});

test('what was edited is found by what it says now, what was deleted not at all, what is nobody’s by nobody', async () => {
  const [edited, deleted, orphan] = [post('first words'), post('first words'), post('first words')];
  event('MessageEdited', { messageId: idOf(edited), channelId: talk, seq: edited, content: 'now http://a.org' });
  event('MessageDeleted', { messageId: idOf(deleted), channelId: talk, seq: deleted });
  const left = { messageId: idOf(orphan), channelId: talk, serverId: server, content: 'first words', seq: orphan };
  event('MessageAnonymized', { ...left, postedAt: startMs + 3_000 });
  await fold();
  expect(await walk({ text: 'first' })).toEqual([
    {
      id: idOf(orphan),
      channelId: talk,
      seq: orphan,
      authorId: null,
      content: 'first words',
      createdAt: new Date(startMs + 3_000),
    },
  ]);
  expect(await found({ text: 'now', has: 'link', authorId: ada })).toEqual([edited]);
  expect(await found({ authorId: ada })).toEqual([edited]);
});

test.each([1, 7, 100])('pages of %i hold each hit once, newest first, also of one moment', async (limit) => {
  const expected: number[] = [];
  for (let count = 0; count < 700; count += 1) {
    const isHit = count % 3 === 0 && (count < 300 || count > 650);
    const one = post(isHit ? 'kernel' : 'chatter', { ms: startMs + Math.floor(count / 10) * 1_000 });
    if (isHit) expected.unshift(one);
  }
  await fold();
  expect(await found({ text: 'kernel', limit })).toEqual(expected);
  const scope = { serverId: server, channelIds: [talk, secret] };
  expect(await found({ text: 'kernel', scope, limit })).toEqual(expected);
});

test('a hit has a place where it may be searched alone', async () => {
  const one = post('kernel');
  await fold();
  const place = { id: idOf(one), createdAt: new Date(startMs + 1_000) };
  expect(await queries.placeOf({ scope: inTalk, messageId: place.id })).toEqual(place);
  expect(await queries.placeOf({ scope: { serverId: server, channelIds: [talk] }, messageId: place.id })).toEqual(
    place,
  );
  expect(await queries.placeOf({ scope: { channelId: secret }, messageId: place.id })).toBeNull();
  expect(await queries.placeOf({ scope: inTalk, messageId: idOf(77) })).toBeNull();
});

test('a search that takes too long is told from one that fails', async () => {
  post('kernel');
  await fold();
  const { pool } = database;
  const waiting = new pg.Pool({ connectionString: database.url, statement_timeout: 50 });
  const slow = { query: () => waiting.query('select pg_sleep(60)') } as unknown as pg.Pool;
  const given = { scope: inTalk, text: 'kernel', limit: 50 };
  await expect(searchQueries(slow).search(given)).rejects.toThrow(SearchTooLong);
  await waiting.end();
  await pool.query('drop table document');
  await expect(queries.search(given)).rejects.toThrow('document');
});
