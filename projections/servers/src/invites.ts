import { type Handlers, type Page, pageOf, type Table } from '@palaver/projector';
import type { Permission, ServersEvent } from '@palaver/schemas';
import type { Database } from './rows.ts';

/** The view of invites that were not revoked. */

// Tables.

export const inviteTable: Table = {
  name: 'invite',
  columns: {
    code: 'text not null',
    server_id: 'uuid not null',
    created_by: 'uuid not null',
    permissions: 'jsonb not null',
    expires_at: 'timestamptz',
    max_uses: 'integer',
    uses: 'integer not null',
    created_at: 'timestamptz not null',
  },
  primaryKey: ['code'],
  indexes: { invite_by_server: '(server_id, code)' },
};

// Fold. A use is counted where a member joins (`members.ts`).

export const inviteHandlers: Handlers<Extract<ServersEvent, { type: `Invite${string}` }>> = {
  InviteCreated: (data, { timestampMs }) => [
    {
      kind: 'put',
      table: 'invite',
      row: {
        code: data.code,
        server_id: data.serverId,
        created_by: data.createdBy,
        permissions: data.permissions,
        expires_at: data.expiresAt === null ? null : new Date(data.expiresAt),
        max_uses: data.maxUses,
        uses: 0,
        created_at: new Date(timestampMs),
      },
    },
  ],
  InviteRevoked: ({ code }) => [{ kind: 'remove', table: 'invite', key: { code } }],
};

// Queries.

export type InviteView = {
  readonly code: string;
  readonly serverId: string;
  readonly createdBy: string;
  readonly permissions: readonly Permission[];
  readonly expiresAt: string | null;
  readonly maxUses: number | null;
  readonly uses: number;
  readonly createdAt: string;
};
/** What somebody who holds an invite's code may see of its server, and whether it is still good for joining. */
export type InvitePreview = {
  readonly code: string;
  readonly expiresAt: string | null;
  readonly server: {
    readonly id: string;
    readonly name: string;
    readonly imageUrl: string | null;
    readonly imageFileId: string | null;
    readonly memberCount: number;
  };
  readonly state: 'good' | 'expired' | 'exhausted';
};

/** A page of a server's invites by code, from the one after `after`. */
export const invitesOf = async (
  db: Database,
  { serverId, limit, after }: { serverId: string; limit: number; after?: string | undefined },
): Promise<Page<InviteView>> => {
  const rows = await db
    .selectFrom('invite')
    .where('server_id', '=', serverId)
    .$if(after !== undefined, (query) => query.where('code', '>', after!))
    .orderBy('code')
    .limit(limit + 1)
    .selectAll()
    .execute();
  return pageOf(rows, limit, (row) => ({
    code: row.code,
    serverId: row.server_id,
    createdBy: row.created_by,
    permissions: row.permissions,
    expiresAt: row.expires_at?.toISOString() ?? null,
    maxUses: row.max_uses,
    uses: row.uses,
    createdAt: row.created_at.toISOString(),
  }));
};

/** Null when there is no such invite, or its server is gone. `atMs`: of the question, ms since the epoch. */
export const inviteByCode = async (
  db: Database,
  { code, atMs }: { code: string; atMs: number },
): Promise<InvitePreview | null> => {
  const row = await db
    .selectFrom('invite')
    .innerJoin('server', 'server.id', 'invite.server_id')
    .leftJoin('picture', 'picture.file_id', 'server.image_file_id')
    .where('invite.code', '=', code)
    .select(['server.id', 'server.name', 'server.image_url', 'server.member_count'])
    .select('picture.file_id as picture_id')
    .select(['invite.expires_at', 'invite.max_uses', 'invite.uses'])
    .executeTakeFirst();
  if (!row) return null;
  const isExpired = row.expires_at !== null && row.expires_at.getTime() <= atMs;
  const isExhausted = row.max_uses !== null && row.uses >= row.max_uses;
  return {
    code,
    expiresAt: row.expires_at?.toISOString() ?? null,
    server: {
      id: row.id,
      name: row.name,
      imageUrl: row.image_url,
      imageFileId: row.picture_id,
      memberCount: row.member_count,
    },
    state: isExpired ? 'expired' : isExhausted ? 'exhausted' : 'good',
  };
};
