import { type Handlers, type Page, pageOf, type RecordMeta, type RowChange, type Table } from '@palaver/projector';
import type { ServersEvent } from '@palaver/schemas';
import type { AuditedAction, Database } from './rows.ts';

/**
 * The audit log of a server: its events themselves, each an entry, with who gave the command and why. A server lies in one partition, so
 * an entry's place on the log is its place here too, the same after every rebuild.
 */

// Tables.

export const auditTable: Table = {
  name: 'audit_entry',
  columns: {
    server_id: 'uuid not null',
    id: 'bigint not null',
    actor: 'text not null',
    action: 'text not null',
    target: 'text not null',
    reason: 'text',
    changes: 'jsonb not null',
    created_at: 'timestamptz not null',
  },
  primaryKey: ['server_id', 'id'],
  indexes: {
    audit_by_actor: '(server_id, actor, id)',
    audit_by_action: '(server_id, action, id)',
    audit_by_target: '(server_id, target, id)',
  },
};

// Fold.

/** What somebody is called is erased when they leave; that they were called otherwise stays. */
const unaudited: ReadonlySet<string> = new Set<ServersEvent['type']>(['NicknameSet', 'NicknameCleared']);
const instants: ReadonlySet<string> = new Set(['until', 'expiresAt', 'timedOutUntil']);

const entryOf = (type: string, data: ServersEvent['data'], meta: RecordMeta): RowChange => {
  const { serverId, ...rest } = data as { serverId: string } & Record<string, unknown>;
  // What it was done to: the innermost of what the event names.
  const { profileId, channelId, code } = rest;
  const target = channelId ?? code ?? profileId ?? serverId;
  const changes = Object.fromEntries(
    Object.entries(rest)
      .filter(([, value]) => value !== target)
      .map(([name, value]) => [
        name,
        instants.has(name) && typeof value === 'number' ? new Date(value).toISOString() : value,
      ]),
  );
  return {
    kind: 'put',
    table: 'audit_entry',
    row: {
      server_id: serverId,
      id: meta.offset,
      actor: meta.headers.actor ?? '',
      action: type,
      target: String(target),
      reason: meta.headers.reason ?? null,
      changes,
      created_at: new Date(meta.timestampMs),
    },
  };
};

/** Has each event of a server leave its entry, beside what its own handler does. */
export const audited = (handlers: Handlers<ServersEvent>): Handlers<ServersEvent> => {
  const all = Object.entries(handlers) as [string, (data: never, meta: RecordMeta) => readonly RowChange[]][];
  return Object.fromEntries(
    all.map(([type, handle]) => [
      type,
      unaudited.has(type)
        ? handle
        : (data: never, meta: RecordMeta) => [...handle(data, meta), entryOf(type, data, meta)],
    ]),
  ) as unknown as Handlers<ServersEvent>;
};

// Queries.

export type AuditEntry = {
  readonly id: number;
  /** A profile, or `system`. */
  readonly actor: string;
  readonly action: AuditedAction;
  /** Id of a profile or channel, an invite's code, or the server's id. */
  readonly target: string;
  readonly reason: string | null;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
};

export type AuditPage = {
  readonly serverId: string;
  readonly limit: number;
  readonly before?: number | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
};

/** A page of a server's audit log, newest first, below `before`. */
export const auditOf = async (
  db: Database,
  { serverId, limit, before, actor, action, target }: AuditPage,
): Promise<Page<AuditEntry>> => {
  const rows = await db
    .selectFrom('audit_entry')
    .where('server_id', '=', serverId)
    .$if(before !== undefined, (query) => query.where('id', '<', String(before)))
    .$if(actor !== undefined, (query) => query.where('actor', '=', actor!))
    .$if(action !== undefined, (query) => query.where('action', '=', action as AuditedAction))
    .$if(target !== undefined, (query) => query.where('target', '=', target!))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .selectAll()
    .execute();
  return pageOf(rows, limit, (row) => ({
    id: Number(row.id),
    actor: row.actor,
    action: row.action,
    target: row.target,
    reason: row.reason,
    changes: row.changes,
    createdAt: row.created_at.toISOString(),
  }));
};
