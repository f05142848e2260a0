import type { ProblemTable } from '@palaver/http';

/** Codes of this domain over HTTP. */
export const serversProblems = {
  server_not_found: { status: 404, title: 'There is no such server' },
  channel_not_found: { status: 404, title: 'There is no such channel' },
  member_not_found: { status: 404, title: 'There is no such member' },
  picture_not_found: { status: 422, title: 'There is no such picture' },
  invite_not_found: { status: 404, title: 'There is no such invite' },
  ban_not_found: { status: 404, title: 'There is no such ban' },
  overwrite_not_found: { status: 404, title: 'The channel has nothing of its own for this role or member' },
  missing_permission: { status: 403, title: 'A permission is missing' },
  rank_too_low: { status: 403, title: 'The rank is too low' },
  banned: { status: 403, title: 'You are banned' },
  owner_must_transfer: { status: 409, title: 'The owner cannot leave' },
  channel_name_taken: { status: 409, title: 'Another channel has this name' },
  too_many_channels: { status: 409, title: 'The server has as many channels as it may have' },
  too_many_overwrites: { status: 409, title: 'The channel has as many overwrites as it may have' },
  category_not_found: { status: 409, title: 'There is no such category' },
  channel_type_fixed: { status: 409, title: 'The channel cannot be of this type, or stand there' },
  server_exists: { status: 409, title: 'The server exists already' },
  channel_exists: { status: 409, title: 'The channel exists already' },
  invite_exists: { status: 409, title: 'The invite exists already' },
  invite_exhausted: { status: 410, title: 'The invite is used up' },
  invite_expired: { status: 410, title: 'The invite has expired' },
} as const satisfies ProblemTable;
