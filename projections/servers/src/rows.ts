import type { PictureRow } from '@palaver/projection-shared';
import type { ChannelType, MemberRole, Permission, ServersEvent } from '@palaver/schemas';
import type { Kysely } from 'kysely';

/** The rows of this read model; their tables, folds and queries stand in the file of each thing. */

export type ServerRow = {
  id: string;
  name: string;
  image_url: string | null;
  image_file_id: string | null;
  invite_code: string;
  owner_id: string;
  member_count: number;
  created_at: Date;
  updated_at: Date;
  version: number;
};

export type ChannelRow = {
  id: string;
  server_id: string;
  name: string;
  type: ChannelType;
  topic: string | null;
  category_id: string | null;
  position: number;
  slow_mode_seconds: number;
  created_by: string;
  created_at: Date;
  updated_at: Date;
  version: number;
};

/** `target`: `role:<role>` or `member:<profile id>`. */
export type OverwriteRow = {
  channel_id: string;
  target: string;
  server_id: string;
  role: MemberRole | null;
  profile_id: string | null;
  allow: Permission[];
  deny: Permission[];
};

export type MemberRow = {
  server_id: string;
  profile_id: string;
  role: MemberRole;
  permissions: Permission[];
  nickname: string | null;
  timed_out_until: Date | null;
  joined_at: Date;
};

export type BanRow = {
  server_id: string;
  profile_id: string;
  banned_by: string;
  reason: string | null;
  banned_at: Date;
};

/** Whose memberships are to end: accounts, a fact of another service, and servers. */
export type DeletedRow = { id: string; deleted_at: Date };

export type InviteRow = {
  code: string;
  server_id: string;
  created_by: string;
  permissions: Permission[];
  expires_at: Date | null;
  max_uses: number | null;
  uses: number;
  created_at: Date;
};

/** What somebody is called is erased when they leave, so only that they were called otherwise is told. */
export type AuditedAction = Exclude<ServersEvent['type'], 'NicknameSet' | 'NicknameCleared'>;
export type AuditRow = {
  server_id: string;
  /** The event's offset on the log, as Postgres gives a bigint. */
  id: string;
  actor: string;
  action: AuditedAction;
  target: string;
  reason: string | null;
  changes: Record<string, unknown>;
  created_at: Date;
};

export type ServersModel = {
  server: ServerRow;
  channel: ChannelRow;
  overwrite: OverwriteRow;
  member: MemberRow;
  ban: BanRow;
  invite: InviteRow;
  audit_entry: AuditRow;
  deleted_profile: DeletedRow;
  deleted_server: DeletedRow;
  picture: PictureRow;
};

export type Database = Kysely<ServersModel>;
