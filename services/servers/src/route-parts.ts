import { randomBytes } from 'node:crypto';
import { Refusal, uuid } from '@palaver/http';
import { type Database, standingOf } from '@palaver/projection-servers';
import { type Permission, permissionsOf, type ServersCommand } from '@palaver/schemas';
import { z } from 'zod';

/** What several of this service's routes are made of. */

export const command = (given: ServersCommand): ServersCommand => given;

// Input.

export const inServer = () => z.object({ serverId: uuid() });
export const role = () => z.enum(['GUEST', 'MODERATOR', 'ADMIN']);
export const inviteCode = () =>
  z
    .string()
    .regex(/^[\w-]{8,64}$/, 'must be an invite code')
    .meta({ examples: ['R2VuZXJhbCBr'] });

/** A change that names nothing would be answered as if something had changed. */
export const changesSomething = {
  check: (body: object): boolean => Object.values(body).some((value) => value !== undefined),
  fault: { error: 'must name at least one field', params: { code: 'empty' } },
  documented: { minProperties: 1 },
};

/** Null empties a field and leaving it out keeps it; in a command those are the empty text and null. */
export const changed = (value: string | null | undefined): string | null =>
  value === undefined ? null : (value ?? '');

// Output.

export const instant = () => z.iso.datetime();
export const isoTime = (timeMs: number): string => new Date(timeMs).toISOString();
export const version = () =>
  z.int().meta({ description: 'Rises with each change; `If-Match` takes it in double quotes', examples: [3] });

/** 72 random bits: enough that a code can't be guessed. */
export const newInviteCode = (): string => randomBytes(9).toString('base64url');

// Who asks.

export const serverNotFound = (): Refusal => new Refusal('server_not_found', 'There is no such server among yours.');

type Asking = { readonly serverId: string; readonly actor: string };

/** Throws `server_not_found` to who is no member: nobody else is told whether the server exists. */
export const standingFor = async (db: Database, { serverId, actor }: Asking) => {
  const standing = await standingOf(db, { serverId, profileId: actor });
  if (!standing) throw serverNotFound();
  return standing;
};

/** For queries; commands are checked by their decisions. Throws `server_not_found`, `missing_permission`. */
export const demand = async (
  db: Database,
  { permission, timeMs, ...asking }: Asking & { readonly permission: Permission; readonly timeMs: number },
): Promise<void> => {
  const standing = await standingFor(db, asking);
  if (!permissionsOf(standing, timeMs).has(permission)) {
    throw new Refusal('missing_permission', `It needs the permission ${permission}.`);
  }
};
