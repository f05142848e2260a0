import { defineProjection, type Page, pageOf, type Table } from '@palaver/projector';
import type { MessagesEvent } from '@palaver/schemas';
import type { Pool } from 'pg';
import { hasLink, withoutRules, withoutSchemes } from './links.ts';

/**
 * The view that searches are answered from: what each message says now, where, by whom and since when.
 * Rows, fold and queries stand side by side; only this file knows the columns.
 */

// Rows.

/**
 * The words of a message, in whatever language: as they are written, and as the stems that English has. The blank between the two,
 * far from the last word and the first stem, keeps phrases from reaching from one into the other.
 */
const words = `(to_tsvector('simple', content) || ''' '':99'::tsvector || to_tsvector('english', content))`;

/** What a message is besides its words, as words that nobody can write, since no word begins with a blank. */
const tags = `array_to_tsvector(array_remove(array[
  ' channel ' || channel_id::text, ' server ' || server_id::text, ' author ' || author_id::text,
  case when has_link then ' has link' end, case when has_file then ' has file' end], null))`;

/** Both together, so that the index meets words, place, author, links and files at once and gives nothing but hits. */
const terms = `(${words} || ${tags})`;

const tables: readonly Table[] = [
  {
    name: 'document',
    columns: {
      channel_id: 'uuid not null',
      seq: 'bigint not null',
      id: 'uuid not null',
      // Null in a channel that belongs to no server.
      server_id: 'uuid',
      // Null when the author's account is gone, and its messages stayed.
      author_id: 'uuid',
      content: 'text not null',
      has_link: 'boolean not null',
      has_file: 'boolean not null',
      created_at: 'timestamptz not null',
    },
    primaryKey: ['channel_id', 'seq'],
    indexes: {
      document_by_id: 'unique (id)',
      document_of_channel: '(channel_id, created_at, id)',
      document_of_server: '(server_id, created_at, id)',
      document_by_terms: `using gin (${terms})`,
    },
  },
];

// Fold.

/** Of all that happens to messages, what changes what is found. */
type SearchedEvent = Extract<
  MessagesEvent,
  { type: 'MessagePosted' | 'MessageEdited' | 'MessageDeleted' | 'MessageAnonymized' }
>;
type Said = Pick<
  Extract<MessagesEvent, { type: 'MessagePosted' }>['data'],
  'channelId' | 'seq' | 'messageId' | 'serverId' | 'content'
>;

const saying = (content: string) => ({ content, has_link: hasLink(content) });
const said = ({ channelId, seq, messageId, serverId, content }: Said) => ({
  channel_id: channelId,
  seq,
  id: messageId,
  // A direct channel stands in the place of its server.
  server_id: serverId === channelId ? null : serverId,
  ...saying(content),
});

export const searchProjection = defineProjection<SearchedEvent>({
  name: 'search',
  version: 2,
  topics: ['messages.events'],
  tables,
  handlers: {
    MessagePosted: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'document',
        row: {
          ...said(data),
          has_file: data.attachments.length > 0,
          author_id: data.authorId,
          created_at: new Date(timestampMs),
        },
      },
    ],
    MessageEdited: ({ channelId, seq, content }) => [
      { kind: 'patch', table: 'document', key: { channel_id: channelId, seq }, set: saying(content) },
    ],
    MessageDeleted: ({ channelId, seq }) => [
      { kind: 'remove', table: 'document', key: { channel_id: channelId, seq } },
    ],
    // The whole row: what was posted may be gone from the log. Files go with their owner's account.
    MessageAnonymized: (data) => [
      {
        kind: 'put',
        table: 'document',
        row: { ...said(data), has_file: false, author_id: null, created_at: new Date(data.postedAt) },
      },
    ],
  },
});

// Queries. Their statements have no names: how they are best answered depends on what is looked for, so each is planned anew.

/** Where to search: one channel, or those of a server's that the asker may see. */
export type Scope =
  | { readonly channelId: string }
  | { readonly serverId: string; readonly channelIds: readonly string[] };

/** A place in the order of hits: newest first, and of those of one moment by falling id. Ids alone do not tell the time: some are hashes. */
export type HitPlace = { readonly createdAt: Date; readonly id: string };

/** What all hits have in common. */
export type Search = {
  readonly scope: Scope;
  /** Words, "phrases", -excluded ones, and `or`. */
  readonly text?: string | undefined;
  readonly authorId?: string | undefined;
  readonly has?: 'link' | 'file' | undefined;
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly until?: Date | undefined;
  /** The last hit of the page before. */
  readonly after?: HitPlace | undefined;
  readonly limit: number;
};

/** Postgres took longer than the pool's `statement_timeout`: what is looked for is said too often for so much else that is asked. */
export class SearchTooLong extends Error {
  override readonly name = 'SearchTooLong';

  constructor(options: ErrorOptions) {
    super('the search took too long', options);
  }
}

export type Hit = HitPlace & {
  readonly channelId: string;
  readonly seq: number;
  readonly authorId: string | null;
  /** What was found in. */
  readonly content: string;
};

type HitRow = {
  channel_id: string;
  seq: string;
  id: string;
  author_id: string | null;
  content: string;
  created_at: Date;
};

const hitOf = (row: HitRow): Hit => ({
  channelId: row.channel_id,
  seq: Number(row.seq),
  id: row.id,
  authorId: row.author_id,
  content: row.content,
  createdAt: row.created_at,
});

const columns = 'd.channel_id, d.seq, d.id, d.author_id, d.content, d.created_at';
const newestFirst = 'order by d.created_at desc, d.id desc';

/** English stems stand for plain words alone: a phrase, or what is excluded, is meant as it is written. */
const isPlain = (text: string): boolean => !/"|(^|\s)-/.test(text);

/** How many of the newest messages are looked through before the index is asked, and how many more when the first ones are promising. */
const first = 300;
const further = 10;

const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** What both statements are given, as $1 to $8. */
const commonValues = ({ scope, text, from, until, after, limit }: Search): readonly unknown[] => {
  const bare = text === undefined ? null : withoutRules(withoutSchemes(text));
  return [
    'channelId' in scope ? [scope.channelId] : scope.channelIds,
    from ?? '-infinity',
    until ?? 'infinity',
    after?.createdAt ?? 'infinity',
    after?.id ?? highestId,
    bare,
    bare !== null && isPlain(bare) ? bare : '',
    limit + 1,
  ];
};
const inPlace = `d.channel_id = any($1::uuid[]) and d.created_at >= $2::timestamptz and d.created_at < $3::timestamptz
  and (d.created_at, d.id) < ($4::timestamptz, $5::uuid)`;
const asked = `(websearch_to_tsquery('simple', coalesce($6, '')) || websearch_to_tsquery('english', $7))`;

/** The hits among the newest messages: all of a page, when what is looked for is said often. */
const amongNewest = async (pool: Pool, search: Search, looked: number): Promise<readonly HitRow[]> => {
  const { scope, authorId = null, has = null } = search;
  const [column, id] = 'channelId' in scope ? ['channel_id', scope.channelId] : ['server_id', scope.serverId];
  const { rows } = await pool.query<HitRow>(
    `select ${columns} from (
       select d.* from document d where d.${column} = $9 and ${inPlace} ${newestFirst} limit ${looked}
     ) d
     where ($10::uuid is null or d.author_id = $10) and
       ($11::text is null or ($11 = 'link' and d.has_link) or ($11 = 'file' and d.has_file)) and ($6::text is null or ${words} @@ ${asked})
     ${newestFirst} limit $8`,
    [...commonValues(search), id, authorId, has],
  );
  return rows;
};

/** All hits, by the index of terms, of which there are few enough to be sorted. Text without a word in it finds nothing. */
const byTerms = async (pool: Pool, search: Search): Promise<readonly HitRow[]> => {
  const { scope, authorId, has } = search;
  const having = ['channelId' in scope ? `channel ${scope.channelId}` : `server ${scope.serverId}`];
  if (authorId !== undefined) having.push(`author ${authorId}`);
  if (has !== undefined) having.push(`has ${has}`);
  const { rows } = await pool.query<HitRow>(
    `select ${columns} from (
       select d.* from document d
       where ${terms} @@ ($9::tsquery && ${asked}) and ($6::text is null or numnode(${asked}) > 0) and ${inPlace}
       offset 0
     ) d
     ${newestFirst} limit $8`,
    [...commonValues(search), having.map((tag) => `' ${tag}'`).join(' & ')],
  );
  return rows;
};

/**
 * A page of hits, newest first. What is said often is found among the newest messages, in an index by time; what is said seldom, by the index
 * of terms, whose hits have all to be fetched before they are sorted. Each is slow where the other is quick, and Postgres, which
 * has no more than a guess of how often a word is said where, takes the wrong one at times: so a bounded number of messages is
 * looked through first, and that tells.
 */
const search = async (pool: Pool, given: Search): Promise<Page<Hit>> => {
  try {
    return pageOf(await rowsOf(pool, given), given.limit, hitOf);
  } catch (error) {
    // Postgres: query_canceled.
    if (error instanceof Error && 'code' in error && error.code === '57014') throw new SearchTooLong({ cause: error });
    throw error;
  }
};

const rowsOf = async (pool: Pool, given: Search): Promise<readonly HitRow[]> => {
  const { limit, text, authorId, has } = given;
  const isByTimeAlone = text === undefined && authorId === undefined && has === undefined;
  const isPage = (rows: readonly HitRow[]): boolean => rows.length > limit;

  let rows = await amongNewest(pool, given, first);
  if (!isByTimeAlone) {
    if (!isPage(rows) && rows.length * further > limit) rows = await amongNewest(pool, given, first * further);
    if (!isPage(rows)) rows = await byTerms(pool, given);
  }
  return rows;
};

/** Where a hit stands in the order; null when the message is not there, or not any more. */
const placeOf = async (
  pool: Pool,
  { scope, messageId }: { scope: Scope; messageId: string },
): Promise<HitPlace | null> => {
  const channelIds = 'channelId' in scope ? [scope.channelId] : scope.channelIds;
  const { rows } = await pool.query<Pick<HitRow, 'id' | 'created_at'>>({
    name: 'place-of-hit',
    text: 'select id, created_at from document where id = $1 and channel_id = any($2::uuid[])',
    values: [messageId, channelIds],
  });
  return rows[0] ? { id: rows[0].id, createdAt: rows[0].created_at } : null;
};

/** What the messages service asks this read model. */
export type SearchQueries = {
  /** Throws `SearchTooLong`. */
  readonly search: (given: Search) => Promise<Page<Hit>>;
  readonly placeOf: (of: { scope: Scope; messageId: string }) => Promise<HitPlace | null>;
};

export const searchQueries = (pool: Pool): SearchQueries => ({
  search: (given) => search(pool, given),
  placeOf: (of) => placeOf(pool, of),
});
