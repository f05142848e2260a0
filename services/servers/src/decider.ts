import { defineDecider } from '@palaver/decider';
import type { ServersCommand, ServersEvent } from '@palaver/schemas';
import { channel, createInvite, createServer, invite, joinServer, leaveServer, member, server } from './server.ts';

/** What this service decides: the table of its commands. */
export const serversDecider = defineDecider<ServersCommand, ServersEvent>({
  name: 'servers',
  version: 2,
  kinds: [server, channel, member, invite],
  rules: { CreateServer: createServer, CreateInvite: createInvite, JoinServer: joinServer, LeaveServer: leaveServer },
});
