// Generated from schemas/servers by `pnpm generate`; not to be edited.

/** What a channel carries. */
export type ChannelType = 'TEXT' | 'AUDIO' | 'VIDEO';

/** Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN. */
export type MemberRole = 'GUEST' | 'MODERATOR' | 'ADMIN';

/** A permission granted to a member besides those of its role. NONE is what a reader makes of one that it does not know. */
export type Permission = 'NONE' | 'IMPORT_MESSAGES';

/** Make a further invite of a server. */
export type CreateInvite = {
  /** The server. */
  readonly serverId: string;
  /** base64url, at least 64 random bits. */
  readonly code: string;
  /** Profile that makes it. */
  readonly createdBy: string;
  /** Permissions that members who join by it are granted. */
  readonly permissions: readonly Permission[];
};

/** Create a server with its default text channel, its owner as first member and its invite. */
export type CreateServer = {
  /** The server. */
  readonly serverId: string;
  /** Profile that creates and owns the server. */
  readonly ownerId: string;
  /** 1-100 characters. */
  readonly name: string;
  /** Address of the server's picture. */
  readonly imageUrl: string | null;
  /** Id of the default channel. */
  readonly channelId: string;
  /** Code of the first invite, base64url, at least 64 random bits. */
  readonly inviteCode: string;
};

/** Become a member by an invite. */
export type JoinServer = {
  /** The server. */
  readonly serverId: string;
  /** Who joins. */
  readonly profileId: string;
  /** The invite's code. */
  readonly inviteCode: string;
};

/** Leave a server; given by the erasure of an account. */
export type LeaveServer = {
  /** The server. */
  readonly serverId: string;
  /** Who leaves. */
  readonly profileId: string;
};

export type ServersCommand =
  | { readonly type: 'CreateInvite'; readonly data: CreateInvite }
  | { readonly type: 'CreateServer'; readonly data: CreateServer }
  | { readonly type: 'JoinServer'; readonly data: JoinServer }
  | { readonly type: 'LeaveServer'; readonly data: LeaveServer };

export const serversCommandSchemas = [
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.CreateInvite',
    schema: {"type":"record","name":"CreateInvite","namespace":"palaver.servers","doc":"Make a further invite of a server.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"code","type":"string","doc":"base64url, at least 64 random bits."},{"name":"createdBy","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that makes it."},{"name":"permissions","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"A permission granted to a member besides those of its role. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES"],"default":"NONE"}},"doc":"Permissions that members who join by it are granted."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.CreateServer',
    schema: {"type":"record","name":"CreateServer","namespace":"palaver.servers","doc":"Create a server with its default text channel, its owner as first member and its invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that creates and owns the server."},{"name":"name","type":"string","doc":"1-100 characters."},{"name":"imageUrl","type":["null","string"],"doc":"Address of the server's picture.","default":null},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Id of the default channel."},{"name":"inviteCode","type":"string","doc":"Code of the first invite, base64url, at least 64 random bits."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.JoinServer',
    schema: {"type":"record","name":"JoinServer","namespace":"palaver.servers","doc":"Become a member by an invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who joins."},{"name":"inviteCode","type":"string","doc":"The invite's code."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.LeaveServer',
    schema: {"type":"record","name":"LeaveServer","namespace":"palaver.servers","doc":"Leave a server; given by the erasure of an account.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who leaves."}]},
  },
] as const;

/** A server got a channel. */
export type ChannelCreated = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** 1-100 characters, unique in its server without regard to case. */
  readonly name: string;
  /** What it carries. */
  readonly type: ChannelType;
  /** Profile that made it. */
  readonly createdBy: string;
};

/** A server got an invite. */
export type InviteCreated = {
  /** The server. */
  readonly serverId: string;
  /** base64url, at least 64 random bits. */
  readonly code: string;
  /** Profile that made it. */
  readonly createdBy: string;
  /** Permissions that members who join by it are granted. */
  readonly permissions: readonly Permission[];
};

/** A profile became a member of a server. */
export type MemberJoined = {
  /** The server. */
  readonly serverId: string;
  /** Who joined. */
  readonly profileId: string;
  /** Role at joining. */
  readonly role: MemberRole;
  /** Permissions granted by the invite. */
  readonly permissions: readonly Permission[];
  /** The invite's code; null for the owner. */
  readonly inviteCode: string | null;
};

/** A profile is no member of a server any more. */
export type MemberLeft = {
  /** The server. */
  readonly serverId: string;
  /** Who left. */
  readonly profileId: string;
};

/** A server came into being. */
export type ServerCreated = {
  /** The server. */
  readonly serverId: string;
  /** Profile that owns it. */
  readonly ownerId: string;
  /** 1-100 characters. */
  readonly name: string;
  /** Address of the server's picture. */
  readonly imageUrl: string | null;
  /** Code of its first invite. */
  readonly inviteCode: string;
};

export type ServersEvent =
  | { readonly type: 'ChannelCreated'; readonly data: ChannelCreated }
  | { readonly type: 'InviteCreated'; readonly data: InviteCreated }
  | { readonly type: 'MemberJoined'; readonly data: MemberJoined }
  | { readonly type: 'MemberLeft'; readonly data: MemberLeft }
  | { readonly type: 'ServerCreated'; readonly data: ServerCreated };

export const serversEventSchemas = [
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ChannelCreated',
    schema: {"type":"record","name":"ChannelCreated","namespace":"palaver.servers","doc":"A server got a channel.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"name","type":"string","doc":"1-100 characters, unique in its server without regard to case."},{"name":"type","type":{"type":"enum","name":"ChannelType","namespace":"palaver.servers","doc":"What a channel carries.","symbols":["TEXT","AUDIO","VIDEO"],"default":"TEXT"},"doc":"What it carries."},{"name":"createdBy","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that made it."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.InviteCreated',
    schema: {"type":"record","name":"InviteCreated","namespace":"palaver.servers","doc":"A server got an invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"code","type":"string","doc":"base64url, at least 64 random bits."},{"name":"createdBy","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that made it."},{"name":"permissions","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"A permission granted to a member besides those of its role. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES"],"default":"NONE"}},"doc":"Permissions that members who join by it are granted."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberJoined',
    schema: {"type":"record","name":"MemberJoined","namespace":"palaver.servers","doc":"A profile became a member of a server.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who joined."},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"},"doc":"Role at joining."},{"name":"permissions","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"A permission granted to a member besides those of its role. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES"],"default":"NONE"}},"doc":"Permissions granted by the invite."},{"name":"inviteCode","type":["null","string"],"doc":"The invite's code; null for the owner.","default":null}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberLeft',
    schema: {"type":"record","name":"MemberLeft","namespace":"palaver.servers","doc":"A profile is no member of a server any more.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who left."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ServerCreated',
    schema: {"type":"record","name":"ServerCreated","namespace":"palaver.servers","doc":"A server came into being.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that owns it."},{"name":"name","type":"string","doc":"1-100 characters."},{"name":"imageUrl","type":["null","string"],"doc":"Address of the server's picture.","default":null},{"name":"inviteCode","type":"string","doc":"Code of its first invite."}]},
  },
] as const;
