// Generated from schemas/servers by `pnpm generate`; not to be edited.

/** What a channel carries; a CATEGORY carries channels. */
export type ChannelType = 'TEXT' | 'AUDIO' | 'VIDEO' | 'CATEGORY';

/** Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN. */
export type MemberRole = 'GUEST' | 'MODERATOR' | 'ADMIN';

/** Something that a member may do. NONE is what a reader makes of one that it does not know. */
export type Permission = 'NONE' | 'IMPORT_MESSAGES' | 'VIEW_CHANNEL' | 'SEND_MESSAGES' | 'ATTACH_FILES' | 'MENTION_EVERYONE' | 'MANAGE_MESSAGES' | 'CREATE_INVITE' | 'KICK_MEMBERS' | 'BAN_MEMBERS' | 'MANAGE_CHANNELS' | 'MANAGE_ROLES' | 'MANAGE_SERVER';

/** Keep a profile out, member or not. */
export type BanMember = {
  /** The server. */
  readonly serverId: string;
  /** Whom. */
  readonly profileId: string;
  /** Profile that asks for it. */
  readonly by: string;
};

/** Change a channel. */
export type ChangeChannel = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** Null: as it is. */
  readonly name: string | null;
  /** Null: as it is. */
  readonly type: ChannelType | null;
  /** Null: as it is; empty: none. */
  readonly topic: string | null;
  /** Null: as it is; empty: none. */
  readonly categoryId: string | null;
  /** Null: as it is. */
  readonly position: number | null;
  /** Null: as it is. */
  readonly slowModeSeconds: number | null;
  /** Version that the sender has seen; another one refuses the change. Null: any. */
  readonly expectedVersion: number | null;
};

/** Change a member's role. */
export type ChangeMemberRole = {
  /** The server. */
  readonly serverId: string;
  /** Whose. */
  readonly profileId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** Role from now on. */
  readonly role: MemberRole;
};

/** Call a member otherwise in a server. */
export type ChangeNickname = {
  /** The server. */
  readonly serverId: string;
  /** Whom. */
  readonly profileId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** 1-32 characters; null: by its own name. */
  readonly nickname: string | null;
};

/** Change what a server looks like. */
export type ChangeServer = {
  /** The server. */
  readonly serverId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** Null: as it is. */
  readonly name: string | null;
  /** Null: as it is; empty: none. */
  readonly imageUrl: string | null;
  /** Id of a file in the place of an address; that it is a picture of who asks was resolved by the edge. Null: as it is; empty: none. */
  readonly imageFileId: string | null;
  /** Version that the sender has seen; another one refuses the change. Null: any. */
  readonly expectedVersion: number | null;
};

/** Give a server a channel. */
export type CreateChannel = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** 1-100 characters, unique in its server without regard to case. */
  readonly name: string;
  /** What it carries. */
  readonly type: ChannelType;
  /** 1-1,024 characters; null for none. */
  readonly topic: string | null;
  /** The channel of type CATEGORY that it stands in; null for none. */
  readonly categoryId: string | null;
  /** Place among the channels; null: behind them all. */
  readonly position: number | null;
  /** Pause between two messages of a member, 0-21,600 s; 0 for none. */
  readonly slowModeSeconds: number;
};

/** Make an invite. */
export type CreateInvite = {
  /** The server. */
  readonly serverId: string;
  /** From the edge, at least 64 random bits, base64url. */
  readonly code: string;
  /** Profile that asks for it. */
  readonly createdBy: string;
  /** Permissions that members who join by it are granted. */
  readonly permissions: readonly Permission[];
  /** From when on nobody joins by it; null: never. */
  readonly expiresAt: number | null;
  /** 1-100; null: any number. */
  readonly maxUses: number | null;
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
  /** File that is the server's picture, in the place of an address; that it is a picture of the owner's was resolved by the edge. */
  readonly imageFileId: string | null;
  /** Id of the default channel. */
  readonly channelId: string;
  /** Code of the first invite, base64url, at least 64 random bits. */
  readonly inviteCode: string;
};

/** Delete a channel with its messages. */
export type DeleteChannel = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
};

/** Delete a server with all that is in it. */
export type DeleteServer = {
  /** The server. */
  readonly serverId: string;
  /** Profile that asks for it. */
  readonly by: string;
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

/** Put a member out. */
export type KickMember = {
  /** The server. */
  readonly serverId: string;
  /** Whom. */
  readonly profileId: string;
  /** Profile that asks for it. */
  readonly by: string;
};

/** End a membership by the member itself, or since its account or the server is gone. */
export type LeaveServer = {
  /** The server. */
  readonly serverId: string;
  /** Who leaves. */
  readonly profileId: string;
  /** Member that gets the server when a deleted account owned it; null: nobody is left, and the server goes. */
  readonly heirId: string | null;
  /** Whether the account is gone; an owner who is not gone cannot leave. */
  readonly accountDeleted: boolean;
};

/** Let a channel do as the server does, for one role or one member. */
export type RemoveChannelOverwrite = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** The role that it concerns; null when it concerns one member. */
  readonly role: MemberRole | null;
  /** The member that it concerns; null when it concerns a role. */
  readonly profileId: string | null;
};

/** End an invite. */
export type RevokeInvite = {
  /** The server. */
  readonly serverId: string;
  /** The invite. */
  readonly code: string;
  /** Profile that asks for it. */
  readonly by: string;
};

/** Give or take permissions in a channel, for one role or one member. */
export type SetChannelOverwrite = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** The role that it concerns; null when it concerns one member. */
  readonly role: MemberRole | null;
  /** The member that it concerns; null when it concerns a role. */
  readonly profileId: string | null;
  /** Permissions given in this channel. */
  readonly allow: readonly Permission[];
  /** Permissions taken in this channel. */
  readonly deny: readonly Permission[];
};

/** Let a member only look until a time, or end that. */
export type TimeOutMember = {
  /** The server. */
  readonly serverId: string;
  /** Whom. */
  readonly profileId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** At most 28 days ahead; null: end it. */
  readonly until: number | null;
};

/** Hand a server on to another member. */
export type TransferOwnership = {
  /** The server. */
  readonly serverId: string;
  /** Profile that is to own it. */
  readonly ownerId: string;
  /** Profile that asks for it. */
  readonly by: string;
};

/** Let a profile join again. */
export type UnbanMember = {
  /** The server. */
  readonly serverId: string;
  /** Whom. */
  readonly profileId: string;
  /** Profile that asks for it. */
  readonly by: string;
};

export type ServersCommand =
  | { readonly type: 'BanMember'; readonly data: BanMember }
  | { readonly type: 'ChangeChannel'; readonly data: ChangeChannel }
  | { readonly type: 'ChangeMemberRole'; readonly data: ChangeMemberRole }
  | { readonly type: 'ChangeNickname'; readonly data: ChangeNickname }
  | { readonly type: 'ChangeServer'; readonly data: ChangeServer }
  | { readonly type: 'CreateChannel'; readonly data: CreateChannel }
  | { readonly type: 'CreateInvite'; readonly data: CreateInvite }
  | { readonly type: 'CreateServer'; readonly data: CreateServer }
  | { readonly type: 'DeleteChannel'; readonly data: DeleteChannel }
  | { readonly type: 'DeleteServer'; readonly data: DeleteServer }
  | { readonly type: 'JoinServer'; readonly data: JoinServer }
  | { readonly type: 'KickMember'; readonly data: KickMember }
  | { readonly type: 'LeaveServer'; readonly data: LeaveServer }
  | { readonly type: 'RemoveChannelOverwrite'; readonly data: RemoveChannelOverwrite }
  | { readonly type: 'RevokeInvite'; readonly data: RevokeInvite }
  | { readonly type: 'SetChannelOverwrite'; readonly data: SetChannelOverwrite }
  | { readonly type: 'TimeOutMember'; readonly data: TimeOutMember }
  | { readonly type: 'TransferOwnership'; readonly data: TransferOwnership }
  | { readonly type: 'UnbanMember'; readonly data: UnbanMember };

export const serversCommandSchemas = [
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.BanMember',
    schema: {"type":"record","name":"BanMember","namespace":"palaver.servers","doc":"Keep a profile out, member or not.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whom."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.ChangeChannel',
    schema: {"type":"record","name":"ChangeChannel","namespace":"palaver.servers","doc":"Change a channel.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"name","type":["null","string"],"doc":"Null: as it is.","default":null},{"name":"type","type":["null",{"type":"enum","name":"ChannelType","namespace":"palaver.servers","doc":"What a channel carries; a CATEGORY carries channels.","symbols":["TEXT","AUDIO","VIDEO","CATEGORY"],"default":"TEXT"}],"doc":"Null: as it is.","default":null},{"name":"topic","type":["null","string"],"doc":"Null: as it is; empty: none.","default":null},{"name":"categoryId","type":["null","string"],"doc":"Null: as it is; empty: none.","default":null},{"name":"position","type":["null","int"],"doc":"Null: as it is.","default":null},{"name":"slowModeSeconds","type":["null","int"],"doc":"Null: as it is.","default":null},{"name":"expectedVersion","type":["null","long"],"doc":"Version that the sender has seen; another one refuses the change. Null: any.","default":null}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.ChangeMemberRole',
    schema: {"type":"record","name":"ChangeMemberRole","namespace":"palaver.servers","doc":"Change a member's role.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"},"doc":"Role from now on."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.ChangeNickname',
    schema: {"type":"record","name":"ChangeNickname","namespace":"palaver.servers","doc":"Call a member otherwise in a server.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whom."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"nickname","type":["null","string"],"doc":"1-32 characters; null: by its own name.","default":null}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.ChangeServer',
    schema: {"type":"record","name":"ChangeServer","namespace":"palaver.servers","doc":"Change what a server looks like.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"name","type":["null","string"],"doc":"Null: as it is.","default":null},{"name":"imageUrl","type":["null","string"],"doc":"Null: as it is; empty: none.","default":null},{"name":"imageFileId","type":["null","string"],"doc":"Id of a file in the place of an address; that it is a picture of who asks was resolved by the edge. Null: as it is; empty: none.","default":null},{"name":"expectedVersion","type":["null","long"],"doc":"Version that the sender has seen; another one refuses the change. Null: any.","default":null}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.CreateChannel',
    schema: {"type":"record","name":"CreateChannel","namespace":"palaver.servers","doc":"Give a server a channel.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"name","type":"string","doc":"1-100 characters, unique in its server without regard to case."},{"name":"type","type":{"type":"enum","name":"ChannelType","namespace":"palaver.servers","doc":"What a channel carries; a CATEGORY carries channels.","symbols":["TEXT","AUDIO","VIDEO","CATEGORY"],"default":"TEXT"},"doc":"What it carries."},{"name":"topic","type":["null","string"],"doc":"1-1,024 characters; null for none.","default":null},{"name":"categoryId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The channel of type CATEGORY that it stands in; null for none.","default":null},{"name":"position","type":["null","int"],"doc":"Place among the channels; null: behind them all.","default":null},{"name":"slowModeSeconds","type":"int","doc":"Pause between two messages of a member, 0-21,600 s; 0 for none.","default":0}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.CreateInvite',
    schema: {"type":"record","name":"CreateInvite","namespace":"palaver.servers","doc":"Make an invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"code","type":"string","doc":"From the edge, at least 64 random bits, base64url."},{"name":"createdBy","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"permissions","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"Something that a member may do. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES","VIEW_CHANNEL","SEND_MESSAGES","ATTACH_FILES","MENTION_EVERYONE","MANAGE_MESSAGES","CREATE_INVITE","KICK_MEMBERS","BAN_MEMBERS","MANAGE_CHANNELS","MANAGE_ROLES","MANAGE_SERVER"],"default":"NONE"}},"doc":"Permissions that members who join by it are granted."},{"name":"expiresAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"From when on nobody joins by it; null: never.","default":null},{"name":"maxUses","type":["null","int"],"doc":"1-100; null: any number.","default":null}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.CreateServer',
    schema: {"type":"record","name":"CreateServer","namespace":"palaver.servers","doc":"Create a server with its default text channel, its owner as first member and its invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that creates and owns the server."},{"name":"name","type":"string","doc":"1-100 characters."},{"name":"imageUrl","type":["null","string"],"doc":"Address of the server's picture.","default":null},{"name":"imageFileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"File that is the server's picture, in the place of an address; that it is a picture of the owner's was resolved by the edge.","default":null},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Id of the default channel."},{"name":"inviteCode","type":"string","doc":"Code of the first invite, base64url, at least 64 random bits."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.DeleteChannel',
    schema: {"type":"record","name":"DeleteChannel","namespace":"palaver.servers","doc":"Delete a channel with its messages.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.DeleteServer',
    schema: {"type":"record","name":"DeleteServer","namespace":"palaver.servers","doc":"Delete a server with all that is in it.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.JoinServer',
    schema: {"type":"record","name":"JoinServer","namespace":"palaver.servers","doc":"Become a member by an invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who joins."},{"name":"inviteCode","type":"string","doc":"The invite's code."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.KickMember',
    schema: {"type":"record","name":"KickMember","namespace":"palaver.servers","doc":"Put a member out.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whom."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.LeaveServer',
    schema: {"type":"record","name":"LeaveServer","namespace":"palaver.servers","doc":"End a membership by the member itself, or since its account or the server is gone.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who leaves."},{"name":"heirId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"Member that gets the server when a deleted account owned it; null: nobody is left, and the server goes.","default":null},{"name":"accountDeleted","type":"boolean","doc":"Whether the account is gone; an owner who is not gone cannot leave.","default":false}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.RemoveChannelOverwrite',
    schema: {"type":"record","name":"RemoveChannelOverwrite","namespace":"palaver.servers","doc":"Let a channel do as the server does, for one role or one member.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"role","type":["null",{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"}],"doc":"The role that it concerns; null when it concerns one member.","default":null},{"name":"profileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The member that it concerns; null when it concerns a role.","default":null}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.RevokeInvite',
    schema: {"type":"record","name":"RevokeInvite","namespace":"palaver.servers","doc":"End an invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"code","type":"string","doc":"The invite."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.SetChannelOverwrite',
    schema: {"type":"record","name":"SetChannelOverwrite","namespace":"palaver.servers","doc":"Give or take permissions in a channel, for one role or one member.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"role","type":["null",{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"}],"doc":"The role that it concerns; null when it concerns one member.","default":null},{"name":"profileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The member that it concerns; null when it concerns a role.","default":null},{"name":"allow","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"Something that a member may do. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES","VIEW_CHANNEL","SEND_MESSAGES","ATTACH_FILES","MENTION_EVERYONE","MANAGE_MESSAGES","CREATE_INVITE","KICK_MEMBERS","BAN_MEMBERS","MANAGE_CHANNELS","MANAGE_ROLES","MANAGE_SERVER"],"default":"NONE"}},"doc":"Permissions given in this channel."},{"name":"deny","type":{"type":"array","items":"palaver.servers.Permission"},"doc":"Permissions taken in this channel."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.TimeOutMember',
    schema: {"type":"record","name":"TimeOutMember","namespace":"palaver.servers","doc":"Let a member only look until a time, or end that.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whom."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"until","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"At most 28 days ahead; null: end it.","default":null}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.TransferOwnership',
    schema: {"type":"record","name":"TransferOwnership","namespace":"palaver.servers","doc":"Hand a server on to another member.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that is to own it."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
  {
    topic: 'servers.commands',
    fullName: 'palaver.servers.UnbanMember',
    schema: {"type":"record","name":"UnbanMember","namespace":"palaver.servers","doc":"Let a profile join again.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whom."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."}]},
  },
] as const;

/** A channel changed. Holds all of it, also what stays. */
export type ChannelChanged = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** 1-100 characters, unique in its server without regard to case. */
  readonly name: string;
  /** What it carries. */
  readonly type: ChannelType;
  /** 1-1,024 characters; null for none. */
  readonly topic: string | null;
  /** The channel of type CATEGORY that it stands in; null for none. */
  readonly categoryId: string | null;
  /** Place among the channels of its server, rising; equal ones stand by id. */
  readonly position: number;
  /** Pause between two messages of a member, 0-21,600 s; 0 for none. */
  readonly slowModeSeconds: number;
};

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
  /** 1-1,024 characters; null for none. */
  readonly topic: string | null;
  /** The channel of type CATEGORY that it stands in; null for none. */
  readonly categoryId: string | null;
  /** Place among the channels of its server, rising; equal ones stand by id. */
  readonly position: number;
  /** Pause between two messages of a member, 0-21,600 s; 0 for none. */
  readonly slowModeSeconds: number;
};

/** A channel is gone, with its messages. */
export type ChannelDeleted = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
};

/** A channel does as the server does for this target. */
export type ChannelOverwriteRemoved = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** The role that it concerns; null when it concerns one member. */
  readonly role: MemberRole | null;
  /** The member that it concerns; null when it concerns a role. */
  readonly profileId: string | null;
};

/** A channel gives or takes permissions otherwise than the server does; replaces what was set for the same target. */
export type ChannelOverwriteSet = {
  /** The server. */
  readonly serverId: string;
  /** The channel. */
  readonly channelId: string;
  /** The role that it concerns; null when it concerns one member. */
  readonly role: MemberRole | null;
  /** The member that it concerns; null when it concerns a role. */
  readonly profileId: string | null;
  /** Permissions given in this channel. */
  readonly allow: readonly Permission[];
  /** Permissions taken in this channel. */
  readonly deny: readonly Permission[];
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
  /** From when on nobody joins by it; null: never. */
  readonly expiresAt: number | null;
  /** How many may join by it; null: any number. */
  readonly maxUses: number | null;
};

/** Nobody joins by an invite any more. */
export type InviteRevoked = {
  /** The server. */
  readonly serverId: string;
  /** The invite. */
  readonly code: string;
};

/** A profile is kept out. It is no member any more. */
export type MemberBanned = {
  /** The server. */
  readonly serverId: string;
  /** Who is kept out. */
  readonly profileId: string;
  /** Whether a membership ended by it. */
  readonly wasMember: boolean;
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
  /** A time-out of an earlier membership that is not over; null: none. */
  readonly timedOutUntil: number | null;
};

/** A member was put out; the profile may join again. */
export type MemberKicked = {
  /** The server. */
  readonly serverId: string;
  /** Who was put out. */
  readonly profileId: string;
};

/** A profile is no member of a server any more. */
export type MemberLeft = {
  /** The server. */
  readonly serverId: string;
  /** Who left. */
  readonly profileId: string;
};

/** A member has another role. */
export type MemberRoleChanged = {
  /** The server. */
  readonly serverId: string;
  /** Whose role. */
  readonly profileId: string;
  /** Role from now on. */
  readonly role: MemberRole;
  /** Role until now. */
  readonly previousRole: MemberRole;
};

/** A member may only look for a while, or may do again what it may. */
export type MemberTimedOut = {
  /** The server. */
  readonly serverId: string;
  /** Whom it concerns. */
  readonly profileId: string;
  /** When it ends; null: it has ended. */
  readonly until: number | null;
};

/** A profile may join again. */
export type MemberUnbanned = {
  /** The server. */
  readonly serverId: string;
  /** Who may join again. */
  readonly profileId: string;
};

/** A member is called otherwise. How, says NicknameSet or NicknameCleared, which can be erased. */
export type NicknameChanged = {
  /** The server. */
  readonly serverId: string;
  /** Whose name. */
  readonly profileId: string;
};

/** A member has no name of its own any more; what it was is erased by the sweep. */
export type NicknameCleared = {
  /** The server. */
  readonly serverId: string;
  /** Whose name. */
  readonly profileId: string;
};

/** A member has a name of its own in a server. */
export type NicknameSet = {
  /** The server. */
  readonly serverId: string;
  /** Whose name. */
  readonly profileId: string;
  /** 1-32 characters. */
  readonly nickname: string;
};

/** A server has another owner. */
export type OwnershipTransferred = {
  /** The server. */
  readonly serverId: string;
  /** Profile that owns it from now on. */
  readonly ownerId: string;
  /** Profile that owned it. */
  readonly previousOwnerId: string;
};

/** What a server looks like changed. Holds all of it, also what stays. */
export type ServerChanged = {
  /** The server. */
  readonly serverId: string;
  /** 1-100 characters. */
  readonly name: string;
  /** Address of the server's picture. */
  readonly imageUrl: string | null;
  /** File that is the server's picture, in the place of an address; null for none. */
  readonly imageFileId: string | null;
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
  /** File that is the server's picture, in the place of an address; null for none. */
  readonly imageFileId: string | null;
  /** Code of its first invite. */
  readonly inviteCode: string;
};

/** A server is gone. Its channels go by events of their own, its members leave. */
export type ServerDeleted = {
  /** The server. */
  readonly serverId: string;
};

export type ServersEvent =
  | { readonly type: 'ChannelChanged'; readonly data: ChannelChanged }
  | { readonly type: 'ChannelCreated'; readonly data: ChannelCreated }
  | { readonly type: 'ChannelDeleted'; readonly data: ChannelDeleted }
  | { readonly type: 'ChannelOverwriteRemoved'; readonly data: ChannelOverwriteRemoved }
  | { readonly type: 'ChannelOverwriteSet'; readonly data: ChannelOverwriteSet }
  | { readonly type: 'InviteCreated'; readonly data: InviteCreated }
  | { readonly type: 'InviteRevoked'; readonly data: InviteRevoked }
  | { readonly type: 'MemberBanned'; readonly data: MemberBanned }
  | { readonly type: 'MemberJoined'; readonly data: MemberJoined }
  | { readonly type: 'MemberKicked'; readonly data: MemberKicked }
  | { readonly type: 'MemberLeft'; readonly data: MemberLeft }
  | { readonly type: 'MemberRoleChanged'; readonly data: MemberRoleChanged }
  | { readonly type: 'MemberTimedOut'; readonly data: MemberTimedOut }
  | { readonly type: 'MemberUnbanned'; readonly data: MemberUnbanned }
  | { readonly type: 'NicknameChanged'; readonly data: NicknameChanged }
  | { readonly type: 'NicknameCleared'; readonly data: NicknameCleared }
  | { readonly type: 'NicknameSet'; readonly data: NicknameSet }
  | { readonly type: 'OwnershipTransferred'; readonly data: OwnershipTransferred }
  | { readonly type: 'ServerChanged'; readonly data: ServerChanged }
  | { readonly type: 'ServerCreated'; readonly data: ServerCreated }
  | { readonly type: 'ServerDeleted'; readonly data: ServerDeleted };

export const serversEventSchemas = [
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ChannelChanged',
    schema: {"type":"record","name":"ChannelChanged","namespace":"palaver.servers","doc":"A channel changed. Holds all of it, also what stays.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"name","type":"string","doc":"1-100 characters, unique in its server without regard to case."},{"name":"type","type":{"type":"enum","name":"ChannelType","namespace":"palaver.servers","doc":"What a channel carries; a CATEGORY carries channels.","symbols":["TEXT","AUDIO","VIDEO","CATEGORY"],"default":"TEXT"},"doc":"What it carries."},{"name":"topic","type":["null","string"],"doc":"1-1,024 characters; null for none.","default":null},{"name":"categoryId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The channel of type CATEGORY that it stands in; null for none.","default":null},{"name":"position","type":"int","doc":"Place among the channels of its server, rising; equal ones stand by id.","default":0},{"name":"slowModeSeconds","type":"int","doc":"Pause between two messages of a member, 0-21,600 s; 0 for none.","default":0}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ChannelCreated',
    schema: {"type":"record","name":"ChannelCreated","namespace":"palaver.servers","doc":"A server got a channel.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"name","type":"string","doc":"1-100 characters, unique in its server without regard to case."},{"name":"type","type":{"type":"enum","name":"ChannelType","namespace":"palaver.servers","doc":"What a channel carries; a CATEGORY carries channels.","symbols":["TEXT","AUDIO","VIDEO","CATEGORY"],"default":"TEXT"},"doc":"What it carries."},{"name":"createdBy","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that made it."},{"name":"topic","type":["null","string"],"doc":"1-1,024 characters; null for none.","default":null},{"name":"categoryId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The channel of type CATEGORY that it stands in; null for none.","default":null},{"name":"position","type":"int","doc":"Place among the channels of its server, rising; equal ones stand by id.","default":0},{"name":"slowModeSeconds","type":"int","doc":"Pause between two messages of a member, 0-21,600 s; 0 for none.","default":0}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ChannelDeleted',
    schema: {"type":"record","name":"ChannelDeleted","namespace":"palaver.servers","doc":"A channel is gone, with its messages.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ChannelOverwriteRemoved',
    schema: {"type":"record","name":"ChannelOverwriteRemoved","namespace":"palaver.servers","doc":"A channel does as the server does for this target.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"role","type":["null",{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"}],"doc":"The role that it concerns; null when it concerns one member.","default":null},{"name":"profileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The member that it concerns; null when it concerns a role.","default":null}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ChannelOverwriteSet',
    schema: {"type":"record","name":"ChannelOverwriteSet","namespace":"palaver.servers","doc":"A channel gives or takes permissions otherwise than the server does; replaces what was set for the same target.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"role","type":["null",{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"}],"doc":"The role that it concerns; null when it concerns one member.","default":null},{"name":"profileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The member that it concerns; null when it concerns a role.","default":null},{"name":"allow","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"Something that a member may do. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES","VIEW_CHANNEL","SEND_MESSAGES","ATTACH_FILES","MENTION_EVERYONE","MANAGE_MESSAGES","CREATE_INVITE","KICK_MEMBERS","BAN_MEMBERS","MANAGE_CHANNELS","MANAGE_ROLES","MANAGE_SERVER"],"default":"NONE"}},"doc":"Permissions given in this channel."},{"name":"deny","type":{"type":"array","items":"palaver.servers.Permission"},"doc":"Permissions taken in this channel."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.InviteCreated',
    schema: {"type":"record","name":"InviteCreated","namespace":"palaver.servers","doc":"A server got an invite.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"code","type":"string","doc":"base64url, at least 64 random bits."},{"name":"createdBy","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that made it."},{"name":"permissions","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"Something that a member may do. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES","VIEW_CHANNEL","SEND_MESSAGES","ATTACH_FILES","MENTION_EVERYONE","MANAGE_MESSAGES","CREATE_INVITE","KICK_MEMBERS","BAN_MEMBERS","MANAGE_CHANNELS","MANAGE_ROLES","MANAGE_SERVER"],"default":"NONE"}},"doc":"Permissions that members who join by it are granted."},{"name":"expiresAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"From when on nobody joins by it; null: never.","default":null},{"name":"maxUses","type":["null","int"],"doc":"How many may join by it; null: any number.","default":null}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.InviteRevoked',
    schema: {"type":"record","name":"InviteRevoked","namespace":"palaver.servers","doc":"Nobody joins by an invite any more.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"code","type":"string","doc":"The invite."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberBanned',
    schema: {"type":"record","name":"MemberBanned","namespace":"palaver.servers","doc":"A profile is kept out. It is no member any more.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who is kept out."},{"name":"wasMember","type":"boolean","doc":"Whether a membership ended by it."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberJoined',
    schema: {"type":"record","name":"MemberJoined","namespace":"palaver.servers","doc":"A profile became a member of a server.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who joined."},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"},"doc":"Role at joining."},{"name":"permissions","type":{"type":"array","items":{"type":"enum","name":"Permission","namespace":"palaver.servers","doc":"Something that a member may do. NONE is what a reader makes of one that it does not know.","symbols":["NONE","IMPORT_MESSAGES","VIEW_CHANNEL","SEND_MESSAGES","ATTACH_FILES","MENTION_EVERYONE","MANAGE_MESSAGES","CREATE_INVITE","KICK_MEMBERS","BAN_MEMBERS","MANAGE_CHANNELS","MANAGE_ROLES","MANAGE_SERVER"],"default":"NONE"}},"doc":"Permissions granted by the invite."},{"name":"inviteCode","type":["null","string"],"doc":"The invite's code; null for the owner.","default":null},{"name":"timedOutUntil","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"A time-out of an earlier membership that is not over; null: none.","default":null}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberKicked',
    schema: {"type":"record","name":"MemberKicked","namespace":"palaver.servers","doc":"A member was put out; the profile may join again.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who was put out."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberLeft',
    schema: {"type":"record","name":"MemberLeft","namespace":"palaver.servers","doc":"A profile is no member of a server any more.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who left."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberRoleChanged',
    schema: {"type":"record","name":"MemberRoleChanged","namespace":"palaver.servers","doc":"A member has another role.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose role."},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"palaver.servers","doc":"Preset roles of a member, in rising order GUEST, MODERATOR, ADMIN.","symbols":["GUEST","MODERATOR","ADMIN"],"default":"GUEST"},"doc":"Role from now on."},{"name":"previousRole","type":"palaver.servers.MemberRole","doc":"Role until now."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberTimedOut',
    schema: {"type":"record","name":"MemberTimedOut","namespace":"palaver.servers","doc":"A member may only look for a while, or may do again what it may.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whom it concerns."},{"name":"until","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it ends; null: it has ended.","default":null}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.MemberUnbanned',
    schema: {"type":"record","name":"MemberUnbanned","namespace":"palaver.servers","doc":"A profile may join again.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who may join again."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.NicknameChanged',
    schema: {"type":"record","name":"NicknameChanged","namespace":"palaver.servers","doc":"A member is called otherwise. How, says NicknameSet or NicknameCleared, which can be erased.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose name."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.NicknameCleared',
    schema: {"type":"record","name":"NicknameCleared","namespace":"palaver.servers","doc":"A member has no name of its own any more; what it was is erased by the sweep.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose name."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.NicknameSet',
    schema: {"type":"record","name":"NicknameSet","namespace":"palaver.servers","doc":"A member has a name of its own in a server.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose name."},{"name":"nickname","type":"string","doc":"1-32 characters."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.OwnershipTransferred',
    schema: {"type":"record","name":"OwnershipTransferred","namespace":"palaver.servers","doc":"A server has another owner.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that owns it from now on."},{"name":"previousOwnerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that owned it."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ServerChanged',
    schema: {"type":"record","name":"ServerChanged","namespace":"palaver.servers","doc":"What a server looks like changed. Holds all of it, also what stays.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"name","type":"string","doc":"1-100 characters."},{"name":"imageUrl","type":["null","string"],"doc":"Address of the server's picture.","default":null},{"name":"imageFileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"File that is the server's picture, in the place of an address; null for none.","default":null}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ServerCreated',
    schema: {"type":"record","name":"ServerCreated","namespace":"palaver.servers","doc":"A server came into being.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that owns it."},{"name":"name","type":"string","doc":"1-100 characters."},{"name":"imageUrl","type":["null","string"],"doc":"Address of the server's picture.","default":null},{"name":"imageFileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"File that is the server's picture, in the place of an address; null for none.","default":null},{"name":"inviteCode","type":"string","doc":"Code of its first invite."}]},
  },
  {
    topic: 'servers.events',
    fullName: 'palaver.servers.ServerDeleted',
    schema: {"type":"record","name":"ServerDeleted","namespace":"palaver.servers","doc":"A server is gone. Its channels go by events of their own, its members leave.","fields":[{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server."}]},
  },
] as const;
