import type { Handlers, RecordMeta, Row, RowChange, Table } from '@palaver/projector';
import { type ChannelType, type Overwrite, permissionsIn, type ServersEvent } from '@palaver/schemas';
import { type StandingView, standingOf } from './members.ts';
import type { ChannelRow, Database } from './rows.ts';

/** The view of channels: what they are, and what they give and take. */

// Tables.

export const channelTables: readonly Table[] = [
  {
    name: 'channel',
    columns: {
      id: 'uuid not null',
      server_id: 'uuid not null',
      name: 'text not null',
      type: 'text not null',
      topic: 'text',
      category_id: 'uuid',
      position: 'integer not null',
      slow_mode_seconds: 'integer not null',
      created_by: 'uuid not null',
      created_at: 'timestamptz not null',
      updated_at: 'timestamptz not null',
      version: 'integer not null',
    },
    primaryKey: ['id'],
    indexes: { channel_by_server: '(server_id, position, id)' },
  },
  {
    name: 'overwrite',
    columns: {
      channel_id: 'uuid not null',
      target: 'text not null',
      server_id: 'uuid not null',
      role: 'text',
      profile_id: 'uuid',
      allow: 'jsonb not null',
      deny: 'jsonb not null',
    },
    primaryKey: ['channel_id', 'target'],
    indexes: { overwrite_by_server: '(server_id)' },
  },
];

// Fold.

type ChannelEvent = Extract<ServersEvent, { type: `Channel${string}` }>;

const changed = (id: string, { timestampMs, version }: RecordMeta, set: Row = {}): RowChange => ({
  kind: 'patch',
  table: 'channel',
  key: { id },
  set: { ...set, updated_at: new Date(timestampMs), version },
});

const targetOf = ({ role, profileId }: Pick<Overwrite, 'role' | 'profileId'>): string =>
  role === null ? `member:${profileId}` : `role:${role}`;

export const channelHandlers: Handlers<ChannelEvent> = {
  ChannelCreated: (data, { timestampMs, version }) => [
    {
      kind: 'put',
      table: 'channel',
      row: {
        id: data.channelId,
        server_id: data.serverId,
        name: data.name,
        type: data.type,
        topic: data.topic,
        category_id: data.categoryId,
        position: data.position,
        slow_mode_seconds: data.slowModeSeconds,
        created_by: data.createdBy,
        created_at: new Date(timestampMs),
        updated_at: new Date(timestampMs),
        version,
      },
    },
  ],
  ChannelChanged: ({ channelId, name, type, topic, categoryId, position, slowModeSeconds }, meta) => [
    changed(channelId, meta, {
      name,
      type,
      topic,
      category_id: categoryId,
      position,
      slow_mode_seconds: slowModeSeconds,
    }),
  ],
  ChannelDeleted: ({ channelId }) => [
    { kind: 'remove', table: 'channel', key: { id: channelId } },
    { kind: 'removeWhere', table: 'overwrite', where: { channel_id: channelId } },
  ],
  ChannelOverwriteSet: (data, meta) => [
    {
      kind: 'put',
      table: 'overwrite',
      row: {
        channel_id: data.channelId,
        target: targetOf(data),
        server_id: data.serverId,
        role: data.role,
        profile_id: data.profileId,
        allow: data.allow,
        deny: data.deny,
      },
    },
    changed(data.channelId, meta),
  ],
  ChannelOverwriteRemoved: (data, meta) => [
    { kind: 'remove', table: 'overwrite', key: { channel_id: data.channelId, target: targetOf(data) } },
    changed(data.channelId, meta),
  ],
};

// Queries.

export type ChannelView = {
  readonly id: string;
  readonly name: string;
  readonly type: ChannelType;
  readonly topic: string | null;
  /** Null also when the category is gone, or hidden from who asks. */
  readonly categoryId: string | null;
  readonly position: number;
  readonly slowModeSeconds: number;
  readonly serverId: string;
  readonly profileId: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};
/** A channel, and what it gives and takes. */
export type ChannelDetail = ChannelView & { readonly overwrites: readonly Overwrite[] };

const channelView = (row: ChannelRow): ChannelView => ({
  id: row.id,
  name: row.name,
  type: row.type,
  topic: row.topic,
  categoryId: row.category_id,
  position: row.position,
  slowModeSeconds: row.slow_mode_seconds,
  serverId: row.server_id,
  profileId: row.created_by,
  version: row.version,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

/** The channels of a server that somebody may see, in their order. `atMs`: of the question, ms since the epoch. */
export const channelsFor = async (
  db: Database,
  { serverId, who, atMs }: { serverId: string; who: StandingView; atMs: number },
): Promise<readonly ChannelDetail[]> => {
  const [rows, overwriteRows] = await Promise.all([
    db.selectFrom('channel').where('server_id', '=', serverId).orderBy('position').orderBy('id').selectAll().execute(),
    db.selectFrom('overwrite').where('server_id', '=', serverId).orderBy('target').selectAll().execute(),
  ]);
  const overwrites = Map.groupBy(overwriteRows, (row) => row.channel_id);
  const seen = rows.flatMap((row) => {
    const own = (overwrites.get(row.id) ?? []).map(
      ({ role, profile_id, allow, deny }): Overwrite => ({ role, profileId: profile_id, allow, deny }),
    );
    if (!permissionsIn(own, who, atMs).has('VIEW_CHANNEL')) return [];
    return [{ ...channelView(row), overwrites: own }];
  });
  const ids = new Set(seen.map(({ id }) => id));
  return seen.map((one) => (one.categoryId !== null && !ids.has(one.categoryId) ? { ...one, categoryId: null } : one));
};

/** One channel, for a member who may see it; null to anybody else. */
export const channelFor = async (
  db: Database,
  asked: { serverId: string; channelId: string; profileId: string; atMs: number },
): Promise<ChannelDetail | null> => {
  const who = await standingOf(db, asked);
  if (!who) return null;
  const seen = await channelsFor(db, { ...asked, who });
  return seen.find(({ id }) => id === asked.channelId) ?? null;
};
