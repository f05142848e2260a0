export { type AuditEntry, type AuditPage, auditOf } from './audit.ts';
export { type ChannelDetail, type ChannelView, channelFor } from './channels.ts';
export { type InvitePreview, type InviteView, inviteByCode, invitesOf } from './invites.ts';
export {
  type BanView,
  bansOf,
  type Membership,
  type MemberView,
  memberFor,
  membershipsOfDeleted,
  membersOf,
  type StandingView,
  standingOf,
} from './members.ts';
export type { Database, ServersModel } from './rows.ts';
export * from './servers.ts';
