import { Refusal, text, uuid } from '@palaver/http';
import type { Access, AccessTo, MessagesQueries } from '@palaver/projection-messages';
import type { MessagesCommand, Permission } from '@palaver/schemas';
import { z } from 'zod';

/** What several of this service's routes are made of. */

export const command = (given: MessagesCommand): MessagesCommand => given;

export const inChannel = () => z.object({ channelId: uuid() });
export const ofMessage = () => inChannel().extend({ messageId: uuid() });
export const content = () => text({ min: 1, max: 4_000 }).meta({ examples: ['Hello, Babbage'] });

export const messageSchema = z.object({
  id: uuid(),
  channelId: uuid(),
  serverId: uuid(),
  authorId: uuid().nullable().meta({ description: 'Null when the account of its author is gone' }),
  seq: z.int(),
  content: z.string(),
  editedAt: z.iso.datetime().nullable(),
  replyToId: uuid().nullable().meta({ description: 'A message of the channel, which may be gone by now' }),
  mentions: z.array(uuid()).readonly(),
  mentionsEveryone: z.boolean(),
  importedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  reactions: z.array(z.object({ emoji: z.string(), count: z.int(), me: z.boolean() })).readonly(),
  pinned: z.boolean(),
});

/** Of a request: who asks, about which channel, and when. */
export type Asked = {
  readonly actor: string;
  readonly params: { readonly channelId: string };
  readonly timeMs: number;
};

/** Throws `channel_not_found` also to those who may not see the channel: they are not told that it exists. */
export const accessOf = async (accessTo: AccessTo, { actor, params, timeMs }: Asked): Promise<Access> => {
  const access = await accessTo({ channelId: params.channelId, profileId: actor, atMs: timeMs });
  if (!access) throw new Refusal('channel_not_found', 'There is no such channel among yours.');
  return access;
};

/** Throws `timed_out`, `missing_permission`. */
export const demand = (access: Access, permission: Permission): void => {
  if (access.timedOut) throw new Refusal('timed_out', 'You may only read until your time-out is over.');
  if (!access.permissions.has(permission)) {
    throw new Refusal('missing_permission', `It needs the permission ${permission}.`);
  }
};

const mention = /<@([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})>/gi;
const maxMentions = 50;

/** Whom a message names: members by `<@profile id>`, 50 at most, and everyone by `@everyone`, if its author may. */
export const mentionsIn = async (
  said: string,
  { serverId, permissions }: Access,
  { membersAmong }: Pick<MessagesQueries, 'membersAmong'>,
): Promise<{ mentions: readonly string[]; mentionsEveryone: boolean }> => {
  const named = [...new Set([...said.matchAll(mention)].map(([, id]) => id!.toLowerCase()))].slice(0, maxMentions);
  return {
    mentions: await membersAmong({ serverId, profileIds: named }),
    mentionsEveryone: permissions.has('MENTION_EVERYONE') && /(?<![\w@])@everyone\b/.test(said),
  };
};
