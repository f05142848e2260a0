import { Refusal, text, uuid } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import type { Access, AccessTo } from '@palaver/projection-shared';
import type { MessagesCommand, Permission } from '@palaver/schemas';
import { z } from 'zod';

/** What several of this service's routes are made of. */

export const command = (given: MessagesCommand): MessagesCommand => given;

export const inChannel = () => z.object({ channelId: uuid() });
export const ofMessage = () => inChannel().extend({ messageId: uuid() });
export const content = () => text({ min: 1, max: 4_000 }).meta({ examples: ['Hello, Babbage'] });

export const messageSchema = z
  .object({
    id: uuid(),
    channelId: uuid(),
    serverId: uuid().nullable().meta({ description: 'Null in a direct channel' }),
    authorId: uuid().nullable().meta({ description: 'Null when the account of its author is gone' }),
    seq: z.int(),
    content: z.string().meta({ examples: ['Hello, Babbage'] }),
    editedAt: z.iso.datetime().nullable(),
    replyToId: uuid().nullable().meta({ description: 'A message of the channel, which may be gone by now' }),
    mentions: z.array(uuid()).readonly(),
    mentionsEveryone: z.boolean(),
    importedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    attachments: z
      .array(
        z.object({
          id: uuid(),
          name: z.string().meta({ examples: ['cat.png'] }),
          type: z.string().meta({ examples: ['image/png'] }),
          size: z.int(),
          width: z.int().nullable(),
          height: z.int().nullable(),
          hasThumbnail: z.boolean(),
        }),
      )
      .readonly(),
    reactions: z
      .array(z.object({ emoji: z.string().meta({ examples: ['👍'] }), count: z.int(), me: z.boolean() }))
      .readonly(),
    pinned: z.boolean(),
  })
  .meta({ id: 'Message' });

export const readStateSchema = z
  .object({
    channelId: uuid(),
    lastSeq: z.int().meta({ description: 'Of the newest message that is there; 0 for none' }),
    readSeq: z.int().meta({ description: 'Of the last message that you have read; 0 for none' }),
    unread: z.int().meta({ description: 'Messages posted after that one' }),
    mentions: z.int().meta({ description: 'Those of them that name you, or everyone' }),
  })
  .meta({ id: 'ReadState' });

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

/** Throws `timed_out`, `blocked`, `missing_permission`. */
export const demand = (access: Access, permission: Permission): void => {
  if (access.timedOut) throw new Refusal('timed_out', 'You may only read until your time-out is over.');
  if (access.blocked) throw new Refusal('blocked', 'One of you has blocked the other.');
  if (!access.permissions.has(permission)) {
    throw new Refusal('missing_permission', `It needs the permission ${permission}.`);
  }
};

/** What `accessOf` and `demand` refuse with. */
export const demandProblems = ['channel_not_found', 'timed_out', 'blocked', 'missing_permission'] as const;

export const messageNotFound = (): Refusal =>
  new Refusal('message_not_found', 'There is no such message in this channel.');

const mention = /<@([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})>/gi;
const maxMentions = 50;

/** Whom a message names: members or participants by `<@profile id>`, 50 at most, and everyone by `@everyone`, if its author may. */
export const mentionsIn = async (
  said: string,
  { serverId, channelId, permissions }: Access & { readonly channelId: string },
  { audienceAmong }: Pick<MessagesQueries, 'audienceAmong'>,
): Promise<{ mentions: readonly string[]; mentionsEveryone: boolean }> => {
  const named = [...new Set([...said.matchAll(mention)].map(([, id]) => id!.toLowerCase()))].slice(0, maxMentions);
  return {
    mentions: await audienceAmong({ channelId, serverId, profileIds: named }),
    mentionsEveryone: permissions.has('MENTION_EVERYONE') && /(?<![\w@])@everyone\b/.test(said),
  };
};
