import { given } from '@palaver/decider/given';
import type { ServersCommand, ServersEvent } from '@palaver/schemas';
import { serversDecider } from './decider.ts';

/** For tests of decisions: a server with somebody of every rank in it. */

export const serverId = 'server';
export const channelId = 'general';
export const inviteCode = 'first-invite';
export const people = ['owner', 'admin', 'moderator', 'guest'] as const;
export type Person = (typeof people)[number];

type Placed = { readonly stream: string; readonly event: ServersEvent };
type Context = { readonly timeMs?: number };

export const decide = (events: readonly Placed[], command: ServersCommand, context: Context = {}) =>
  given(serversDecider, events).when(command, context);

/** The events, and those of these commands behind them. Throws when one is refused. */
export const after = (events: readonly Placed[], ...commands: readonly ServersCommand[]): readonly Placed[] => {
  const all = [...events];
  for (const command of commands) {
    const decision = decide(all, command);
    if (decision.kind === 'refused') throw new Error(`${command.type}: ${decision.code}: ${decision.detail}`);
    all.push(...decision.events);
  }
  return all;
};

export const create: ServersCommand = {
  type: 'CreateServer',
  data: { serverId, ownerId: 'owner', name: 'Ada', imageUrl: null, imageFileId: null, channelId, inviteCode },
};
export const join = (profileId: string, code = inviteCode): ServersCommand => ({
  type: 'JoinServer',
  data: { serverId, profileId, inviteCode: code },
});
export const changeRole = (by: string, profileId: string, role: 'GUEST' | 'MODERATOR' | 'ADMIN'): ServersCommand => ({
  type: 'ChangeMemberRole',
  data: { serverId, profileId, by, role },
});
export const leave = (profileId: string, about = {}): ServersCommand => ({
  type: 'LeaveServer',
  data: { serverId, profileId, heirId: null, accountDeleted: false, ...about },
});

export const created = after([], create);
/** Its owner, an admin, a moderator and a guest; `other-...` for a second one of each rank but the owner's. */
export const inhabited = after(
  created,
  ...['admin', 'moderator', 'guest', 'other-admin', 'other-moderator', 'other-guest'].map((one) => join(one)),
  ...['admin', 'other-admin'].map((one) => changeRole('owner', one, 'ADMIN')),
  ...['moderator', 'other-moderator'].map((one) => changeRole('owner', one, 'MODERATOR')),
);

/** What a decision comes to, in a word: `ok`, or the code of its refusal. */
export const outcome = (events: readonly Placed[], command: ServersCommand, context: Context = {}): string => {
  const decision = decide(events, command, context);
  return decision.kind === 'accepted' ? 'ok' : decision.code;
};

/** What comes of the same command by each rank. */
export const byEach = (
  events: readonly Placed[],
  command: (by: string) => ServersCommand,
  context: Context = {},
): Readonly<Record<Person | 'outsider', string>> =>
  Object.fromEntries(
    [...people, 'outsider' as const].map((by) => [by, outcome(events, command(by), context)]),
  ) as Record<Person | 'outsider', string>;

/** The types and streams of a decision's events. */
export const happens = (events: readonly Placed[], command: ServersCommand, context: Context = {}) => {
  const decision = decide(events, command, context);
  if (decision.kind === 'refused') throw new Error(`${command.type}: ${decision.code}`);
  return decision.events.map(({ stream, event }) => [event.type, stream] as const);
};
