// Generated from schemas/messages by `pnpm generate`; not to be edited.

/** Add a profile to a group. That it exists and that nobody has blocked anybody was resolved by the edge. */
export type AddParticipant = {
  /** Its channel. */
  readonly channelId: string;
  /** Who is added. */
  readonly profileId: string;
  /** The participant who adds it. */
  readonly by: string;
};

/** React to a message. */
export type AddReaction = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** One emoji of Unicode. */
  readonly emoji: string;
};

/** Take the author off a message and leave what it says; given by the erasure of an account. Carries the message, since decisions do not keep texts. */
export type AnonymizeMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** The server of that channel; of a direct channel, which has none, the channel's own id. */
  readonly serverId: string;
  /** What it says, 1-4,000 characters, NFC. */
  readonly content: string;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
  /** When it was posted; ms since the epoch. */
  readonly postedAt: number;
  /** The message of the same channel that it answers; null for none. */
  readonly replyToId: string | null;
  /** When it was last edited; null: never. */
  readonly editedAt: number | null;
};

/** Have nothing to do with a profile. */
export type BlockProfile = {
  /** Who blocks. */
  readonly profileId: string;
  /** Who is blocked. */
  readonly blockedId: string;
};

/** Delete a message; given by the erasure of an account. */
export type DeleteMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it; null: the erasure. */
  readonly by: string | null;
  /** Whether who asks may manage the messages of the channel, as the edge knows it. */
  readonly manages: boolean;
};

/** Delete several messages of a channel; those that are not there are passed over. */
export type DeleteMessages = {
  /** 2-100 messages. */
  readonly messageIds: readonly string[];
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** Whether who asks may manage the messages of the channel, as the edge knows it. */
  readonly manages: boolean;
};

/** Say a message otherwise. */
export type EditMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** 1-4,000 characters, NFC. */
  readonly content: string;
  /** Profiles that it names, 50 at most. */
  readonly mentions: readonly string[];
  /** Whether it names everyone, by somebody who may. */
  readonly mentionsEveryone: boolean;
};

/** Forget how far a profile has read a channel: its account is gone. */
export type ForgetReader = {
  /** Its channel. */
  readonly channelId: string;
  /** Whose account is gone. */
  readonly profileId: string;
};

/** Leave a group, or, when the account is gone, any direct channel. */
export type LeaveDirectChannel = {
  /** Its channel. */
  readonly channelId: string;
  /** Who leaves. */
  readonly profileId: string;
  /** Whether the profile's account is gone. */
  readonly erased: boolean;
};

/** Say how far a profile has read a channel. */
export type MarkRead = {
  /** Its channel. */
  readonly channelId: string;
  /** Who has read. */
  readonly profileId: string;
  /** Of the last message that it has read; 0 for none. */
  readonly seq: number;
};

/** Open a channel between profiles, outside servers. That they exist, and that nobody has blocked anybody, was resolved by the edge. */
export type OpenDirectChannel = {
  /** The channel. That of two profiles derives from them, so that there is one. */
  readonly channelId: string;
  /** Its 2-10 participants, in rising order, who opens it among them. */
  readonly profileIds: readonly string[];
  /** Whether participants may come and go; a channel of two has no other ones, ever. */
  readonly group: boolean;
  /** Who opens it. */
  readonly openedBy: string;
};

/** Pin a message in its channel. */
export type PinMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** Whether who asks may manage the messages of the channel, as the edge knows it. */
  readonly manages: boolean;
};

/** Post a message. Membership and permission were resolved by the edge before it was appended. */
export type PostMessage = {
  /** The message. */
  readonly messageId: string;
  /** The channel it is posted to. */
  readonly channelId: string;
  /** The server of that channel; of a direct channel, which has none, the channel's own id. */
  readonly serverId: string;
  /** Profile that wrote it. */
  readonly authorId: string;
  /** 1-4,000 characters, NFC. */
  readonly content: string;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
  /** The message of the same channel that it answers; null for none. */
  readonly replyToId: string | null;
  /** Profiles that it names, 50 at most. */
  readonly mentions: readonly string[];
  /** Whether it names everyone, by somebody who may. */
  readonly mentionsEveryone: boolean;
  /** The channel's slow mode as it concerned its author; 0 for none. */
  readonly slowModeSeconds: number;
  /** Files that hang on it, 10 at most. */
  readonly attachments: readonly string[];
};

/** Take a reaction back. */
export type RemoveReaction = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** One emoji of Unicode. */
  readonly emoji: string;
};

/** Take a block back. */
export type UnblockProfile = {
  /** Who has blocked. */
  readonly profileId: string;
  /** Who is blocked. */
  readonly blockedId: string;
};

/** Unpin a message. */
export type UnpinMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Profile that asks for it. */
  readonly by: string;
  /** Whether who asks may manage the messages of the channel, as the edge knows it. */
  readonly manages: boolean;
};

export type MessagesCommand =
  | { readonly type: 'AddParticipant'; readonly data: AddParticipant }
  | { readonly type: 'AddReaction'; readonly data: AddReaction }
  | { readonly type: 'AnonymizeMessage'; readonly data: AnonymizeMessage }
  | { readonly type: 'BlockProfile'; readonly data: BlockProfile }
  | { readonly type: 'DeleteMessage'; readonly data: DeleteMessage }
  | { readonly type: 'DeleteMessages'; readonly data: DeleteMessages }
  | { readonly type: 'EditMessage'; readonly data: EditMessage }
  | { readonly type: 'ForgetReader'; readonly data: ForgetReader }
  | { readonly type: 'LeaveDirectChannel'; readonly data: LeaveDirectChannel }
  | { readonly type: 'MarkRead'; readonly data: MarkRead }
  | { readonly type: 'OpenDirectChannel'; readonly data: OpenDirectChannel }
  | { readonly type: 'PinMessage'; readonly data: PinMessage }
  | { readonly type: 'PostMessage'; readonly data: PostMessage }
  | { readonly type: 'RemoveReaction'; readonly data: RemoveReaction }
  | { readonly type: 'UnblockProfile'; readonly data: UnblockProfile }
  | { readonly type: 'UnpinMessage'; readonly data: UnpinMessage };

export const messagesCommandSchemas = [
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.AddParticipant',
    schema: {"type":"record","name":"AddParticipant","namespace":"palaver.messages","doc":"Add a profile to a group. That it exists and that nobody has blocked anybody was resolved by the edge.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who is added."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"The participant who adds it."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.AddReaction',
    schema: {"type":"record","name":"AddReaction","namespace":"palaver.messages","doc":"React to a message.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"emoji","type":"string","doc":"One emoji of Unicode."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.AnonymizeMessage',
    schema: {"type":"record","name":"AnonymizeMessage","namespace":"palaver.messages","doc":"Take the author off a message and leave what it says; given by the erasure of an account. Carries the message, since decisions do not keep texts.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel; of a direct channel, which has none, the channel's own id."},{"name":"content","type":"string","doc":"What it says, 1-4,000 characters, NFC."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null},{"name":"postedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was posted; ms since the epoch."},{"name":"replyToId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The message of the same channel that it answers; null for none.","default":null},{"name":"editedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was last edited; null: never.","default":null}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.BlockProfile',
    schema: {"type":"record","name":"BlockProfile","namespace":"palaver.messages","doc":"Have nothing to do with a profile.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who blocks."},{"name":"blockedId","type":{"type":"string","logicalType":"uuid"},"doc":"Who is blocked."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.DeleteMessage',
    schema: {"type":"record","name":"DeleteMessage","namespace":"palaver.messages","doc":"Delete a message; given by the erasure of an account.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"Profile that asks for it; null: the erasure.","default":null},{"name":"manages","type":"boolean","doc":"Whether who asks may manage the messages of the channel, as the edge knows it.","default":false}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.DeleteMessages',
    schema: {"type":"record","name":"DeleteMessages","namespace":"palaver.messages","doc":"Delete several messages of a channel; those that are not there are passed over.","fields":[{"name":"messageIds","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"2-100 messages."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"manages","type":"boolean","doc":"Whether who asks may manage the messages of the channel, as the edge knows it."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.EditMessage',
    schema: {"type":"record","name":"EditMessage","namespace":"palaver.messages","doc":"Say a message otherwise.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"mentions","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Profiles that it names, 50 at most.","default":[]},{"name":"mentionsEveryone","type":"boolean","doc":"Whether it names everyone, by somebody who may.","default":false}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.ForgetReader',
    schema: {"type":"record","name":"ForgetReader","namespace":"palaver.messages","doc":"Forget how far a profile has read a channel: its account is gone.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose account is gone."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.LeaveDirectChannel',
    schema: {"type":"record","name":"LeaveDirectChannel","namespace":"palaver.messages","doc":"Leave a group, or, when the account is gone, any direct channel.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who leaves."},{"name":"erased","type":"boolean","doc":"Whether the profile's account is gone."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.MarkRead',
    schema: {"type":"record","name":"MarkRead","namespace":"palaver.messages","doc":"Say how far a profile has read a channel.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who has read."},{"name":"seq","type":"long","doc":"Of the last message that it has read; 0 for none."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.OpenDirectChannel',
    schema: {"type":"record","name":"OpenDirectChannel","namespace":"palaver.messages","doc":"Open a channel between profiles, outside servers. That they exist, and that nobody has blocked anybody, was resolved by the edge.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel. That of two profiles derives from them, so that there is one."},{"name":"profileIds","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Its 2-10 participants, in rising order, who opens it among them."},{"name":"group","type":"boolean","doc":"Whether participants may come and go; a channel of two has no other ones, ever."},{"name":"openedBy","type":{"type":"string","logicalType":"uuid"},"doc":"Who opens it."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.PinMessage',
    schema: {"type":"record","name":"PinMessage","namespace":"palaver.messages","doc":"Pin a message in its channel.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"manages","type":"boolean","doc":"Whether who asks may manage the messages of the channel, as the edge knows it."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.PostMessage',
    schema: {"type":"record","name":"PostMessage","namespace":"palaver.messages","doc":"Post a message. Membership and permission were resolved by the edge before it was appended.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel it is posted to."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel; of a direct channel, which has none, the channel's own id."},{"name":"authorId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that wrote it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null},{"name":"replyToId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The message of the same channel that it answers; null for none.","default":null},{"name":"mentions","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Profiles that it names, 50 at most.","default":[]},{"name":"mentionsEveryone","type":"boolean","doc":"Whether it names everyone, by somebody who may.","default":false},{"name":"slowModeSeconds","type":"int","doc":"The channel's slow mode as it concerned its author; 0 for none.","default":0},{"name":"attachments","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Files that hang on it, 10 at most.","default":[]}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.RemoveReaction',
    schema: {"type":"record","name":"RemoveReaction","namespace":"palaver.messages","doc":"Take a reaction back.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"emoji","type":"string","doc":"One emoji of Unicode."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.UnblockProfile',
    schema: {"type":"record","name":"UnblockProfile","namespace":"palaver.messages","doc":"Take a block back.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who has blocked."},{"name":"blockedId","type":{"type":"string","logicalType":"uuid"},"doc":"Who is blocked."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.UnpinMessage',
    schema: {"type":"record","name":"UnpinMessage","namespace":"palaver.messages","doc":"Unpin a message.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that asks for it."},{"name":"manages","type":"boolean","doc":"Whether who asks may manage the messages of the channel, as the edge knows it."}]},
  },
] as const;

/** A channel between profiles was opened, outside servers. */
export type DirectChannelOpened = {
  /** The channel. */
  readonly channelId: string;
  /** Its participants. */
  readonly profileIds: readonly string[];
  /** Whether participants may come and go. */
  readonly group: boolean;
  /** Who opened it. */
  readonly openedBy: string;
};

/** A message named everyone; says so also when the message is erased. */
export type EveryoneMentioned = {
  /** Its channel. */
  readonly channelId: string;
  /** Of the message. */
  readonly seq: number;
  /** How often everyone was named in the channel by then, this time included. */
  readonly total: number;
};

/** A file hangs on a message; says so also when the message is erased. */
export type FileAttached = {
  /** Its channel. */
  readonly channelId: string;
  /** The file. */
  readonly fileId: string;
  /** The message. */
  readonly messageId: string;
};

/** A message named a profile; says so also when the message is erased. */
export type MemberMentioned = {
  /** Its channel. */
  readonly channelId: string;
  /** Who was named. */
  readonly profileId: string;
  /** Of the message. */
  readonly seq: number;
  /** How often it was named in the channel by then, this time included. */
  readonly total: number;
};

/** A message is nobody's any more. Carries it whole, but for its author: the sweep erases the records before this one. */
export type MessageAnonymized = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** The server of that channel; of a direct channel, which has none, the channel's own id. */
  readonly serverId: string;
  /** What it says, 1-4,000 characters, NFC. */
  readonly content: string;
  /** Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased. */
  readonly seq: number;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
  /** When it was posted; ms since the epoch. */
  readonly postedAt: number;
  /** The message of the same channel that it answers; null for none. */
  readonly replyToId: string | null;
  /** When it was last edited; null: never. */
  readonly editedAt: number | null;
};

/** A message was deleted. Ends what it said: the sweep erases the records before this one. */
export type MessageDeleted = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased. */
  readonly seq: number;
  /** Files that hung on it, and go with it. */
  readonly attachments: readonly string[];
};

/** A message says something else. What it said before stays on the log until it is deleted. */
export type MessageEdited = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Its place in the channel. */
  readonly seq: number;
  /** 1-4,000 characters, NFC. */
  readonly content: string;
  /** Profiles that it names, 50 at most. */
  readonly mentions: readonly string[];
  /** Whether it names everyone, by somebody who may. */
  readonly mentionsEveryone: boolean;
};

/** A message is pinned in its channel. */
export type MessagePinned = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Who pinned it. */
  readonly pinnedBy: string;
};

/** A message was posted. */
export type MessagePosted = {
  /** The message. */
  readonly messageId: string;
  /** The channel it is posted to. */
  readonly channelId: string;
  /** The server of that channel; of a direct channel, which has none, the channel's own id. */
  readonly serverId: string;
  /** Profile that wrote it. */
  readonly authorId: string;
  /** 1-4,000 characters, NFC. */
  readonly content: string;
  /** Place in its channel, gapless, from 1. */
  readonly seq: number;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
  /** The message of the same channel that it answers; null for none. */
  readonly replyToId: string | null;
  /** Profiles that it names, 50 at most. */
  readonly mentions: readonly string[];
  /** Whether it names everyone, by somebody who may. */
  readonly mentionsEveryone: boolean;
  /** Files that hang on it, 10 at most. */
  readonly attachments: readonly string[];
};

/** A message is not pinned any more. */
export type MessageUnpinned = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
};

/** A profile has posted to a slow channel; says when, also when the message is erased. */
export type PaceTaken = {
  /** Its channel. */
  readonly channelId: string;
  /** Who posted. */
  readonly profileId: string;
};

/** A profile was added to a group. */
export type ParticipantAdded = {
  /** Its channel. */
  readonly channelId: string;
  /** Who was added. */
  readonly profileId: string;
  /** The participant who added it. */
  readonly by: string;
};

/** A profile has left a direct channel. */
export type ParticipantLeft = {
  /** Its channel. */
  readonly channelId: string;
  /** Who left. */
  readonly profileId: string;
};

/** A profile wants nothing to do with another. */
export type ProfileBlocked = {
  /** Who blocks. */
  readonly profileId: string;
  /** Who is blocked. */
  readonly blockedId: string;
};

/** A block was taken back. */
export type ProfileUnblocked = {
  /** Who had blocked. */
  readonly profileId: string;
  /** Who was blocked. */
  readonly blockedId: string;
};

/** A profile reacts to a message. */
export type ReactionAdded = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Who reacts. */
  readonly profileId: string;
  /** One emoji of Unicode. */
  readonly emoji: string;
  /** How many react so from now on. */
  readonly count: number;
};

/** A profile reacts so no more. */
export type ReactionRemoved = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Who reacts. */
  readonly profileId: string;
  /** One emoji of Unicode. */
  readonly emoji: string;
  /** How many react so from now on. */
  readonly count: number;
};

/** A profile has read a channel so far. Each says all there is, so earlier ones of its stream may go. */
export type ReadMarked = {
  /** Its channel. */
  readonly channelId: string;
  /** Who has read. */
  readonly profileId: string;
  /** Of the last message that it has read; 0 for none. */
  readonly seq: number;
};

/** How far a profile had read a channel is forgotten. */
export type ReaderForgotten = {
  /** Its channel. */
  readonly channelId: string;
  /** Whose account is gone. */
  readonly profileId: string;
};

export type MessagesEvent =
  | { readonly type: 'DirectChannelOpened'; readonly data: DirectChannelOpened }
  | { readonly type: 'EveryoneMentioned'; readonly data: EveryoneMentioned }
  | { readonly type: 'FileAttached'; readonly data: FileAttached }
  | { readonly type: 'MemberMentioned'; readonly data: MemberMentioned }
  | { readonly type: 'MessageAnonymized'; readonly data: MessageAnonymized }
  | { readonly type: 'MessageDeleted'; readonly data: MessageDeleted }
  | { readonly type: 'MessageEdited'; readonly data: MessageEdited }
  | { readonly type: 'MessagePinned'; readonly data: MessagePinned }
  | { readonly type: 'MessagePosted'; readonly data: MessagePosted }
  | { readonly type: 'MessageUnpinned'; readonly data: MessageUnpinned }
  | { readonly type: 'PaceTaken'; readonly data: PaceTaken }
  | { readonly type: 'ParticipantAdded'; readonly data: ParticipantAdded }
  | { readonly type: 'ParticipantLeft'; readonly data: ParticipantLeft }
  | { readonly type: 'ProfileBlocked'; readonly data: ProfileBlocked }
  | { readonly type: 'ProfileUnblocked'; readonly data: ProfileUnblocked }
  | { readonly type: 'ReactionAdded'; readonly data: ReactionAdded }
  | { readonly type: 'ReactionRemoved'; readonly data: ReactionRemoved }
  | { readonly type: 'ReadMarked'; readonly data: ReadMarked }
  | { readonly type: 'ReaderForgotten'; readonly data: ReaderForgotten };

export const messagesEventSchemas = [
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.DirectChannelOpened',
    schema: {"type":"record","name":"DirectChannelOpened","namespace":"palaver.messages","doc":"A channel between profiles was opened, outside servers.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel."},{"name":"profileIds","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Its participants."},{"name":"group","type":"boolean","doc":"Whether participants may come and go."},{"name":"openedBy","type":{"type":"string","logicalType":"uuid"},"doc":"Who opened it."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.EveryoneMentioned',
    schema: {"type":"record","name":"EveryoneMentioned","namespace":"palaver.messages","doc":"A message named everyone; says so also when the message is erased.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"seq","type":"long","doc":"Of the message."},{"name":"total","type":"long","doc":"How often everyone was named in the channel by then, this time included."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.FileAttached',
    schema: {"type":"record","name":"FileAttached","namespace":"palaver.messages","doc":"A file hangs on a message; says so also when the message is erased.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MemberMentioned',
    schema: {"type":"record","name":"MemberMentioned","namespace":"palaver.messages","doc":"A message named a profile; says so also when the message is erased.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who was named."},{"name":"seq","type":"long","doc":"Of the message."},{"name":"total","type":"long","doc":"How often it was named in the channel by then, this time included."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessageAnonymized',
    schema: {"type":"record","name":"MessageAnonymized","namespace":"palaver.messages","doc":"A message is nobody's any more. Carries it whole, but for its author: the sweep erases the records before this one.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel; of a direct channel, which has none, the channel's own id."},{"name":"content","type":"string","doc":"What it says, 1-4,000 characters, NFC."},{"name":"seq","type":"long","doc":"Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null},{"name":"postedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was posted; ms since the epoch."},{"name":"replyToId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The message of the same channel that it answers; null for none.","default":null},{"name":"editedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was last edited; null: never.","default":null}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessageDeleted',
    schema: {"type":"record","name":"MessageDeleted","namespace":"palaver.messages","doc":"A message was deleted. Ends what it said: the sweep erases the records before this one.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"seq","type":"long","doc":"Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased."},{"name":"attachments","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Files that hung on it, and go with it.","default":[]}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessageEdited',
    schema: {"type":"record","name":"MessageEdited","namespace":"palaver.messages","doc":"A message says something else. What it said before stays on the log until it is deleted.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"seq","type":"long","doc":"Its place in the channel."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"mentions","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Profiles that it names, 50 at most.","default":[]},{"name":"mentionsEveryone","type":"boolean","doc":"Whether it names everyone, by somebody who may.","default":false}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessagePinned',
    schema: {"type":"record","name":"MessagePinned","namespace":"palaver.messages","doc":"A message is pinned in its channel.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"pinnedBy","type":{"type":"string","logicalType":"uuid"},"doc":"Who pinned it."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessagePosted',
    schema: {"type":"record","name":"MessagePosted","namespace":"palaver.messages","doc":"A message was posted.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel it is posted to."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel; of a direct channel, which has none, the channel's own id."},{"name":"authorId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that wrote it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"seq","type":"long","doc":"Place in its channel, gapless, from 1."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null},{"name":"replyToId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The message of the same channel that it answers; null for none.","default":null},{"name":"mentions","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Profiles that it names, 50 at most.","default":[]},{"name":"mentionsEveryone","type":"boolean","doc":"Whether it names everyone, by somebody who may.","default":false},{"name":"attachments","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"Files that hang on it, 10 at most.","default":[]}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessageUnpinned',
    schema: {"type":"record","name":"MessageUnpinned","namespace":"palaver.messages","doc":"A message is not pinned any more.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.PaceTaken',
    schema: {"type":"record","name":"PaceTaken","namespace":"palaver.messages","doc":"A profile has posted to a slow channel; says when, also when the message is erased.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who posted."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ParticipantAdded',
    schema: {"type":"record","name":"ParticipantAdded","namespace":"palaver.messages","doc":"A profile was added to a group.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who was added."},{"name":"by","type":{"type":"string","logicalType":"uuid"},"doc":"The participant who added it."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ParticipantLeft',
    schema: {"type":"record","name":"ParticipantLeft","namespace":"palaver.messages","doc":"A profile has left a direct channel.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who left."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ProfileBlocked',
    schema: {"type":"record","name":"ProfileBlocked","namespace":"palaver.messages","doc":"A profile wants nothing to do with another.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who blocks."},{"name":"blockedId","type":{"type":"string","logicalType":"uuid"},"doc":"Who is blocked."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ProfileUnblocked',
    schema: {"type":"record","name":"ProfileUnblocked","namespace":"palaver.messages","doc":"A block was taken back.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who had blocked."},{"name":"blockedId","type":{"type":"string","logicalType":"uuid"},"doc":"Who was blocked."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ReactionAdded',
    schema: {"type":"record","name":"ReactionAdded","namespace":"palaver.messages","doc":"A profile reacts to a message.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who reacts."},{"name":"emoji","type":"string","doc":"One emoji of Unicode."},{"name":"count","type":"int","doc":"How many react so from now on."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ReactionRemoved',
    schema: {"type":"record","name":"ReactionRemoved","namespace":"palaver.messages","doc":"A profile reacts so no more.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who reacts."},{"name":"emoji","type":"string","doc":"One emoji of Unicode."},{"name":"count","type":"int","doc":"How many react so from now on."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ReadMarked',
    schema: {"type":"record","name":"ReadMarked","namespace":"palaver.messages","doc":"A profile has read a channel so far. Each says all there is, so earlier ones of its stream may go.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Who has read."},{"name":"seq","type":"long","doc":"Of the last message that it has read; 0 for none."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.ReaderForgotten',
    schema: {"type":"record","name":"ReaderForgotten","namespace":"palaver.messages","doc":"How far a profile had read a channel is forgotten.","fields":[{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose account is gone."}]},
  },
] as const;
