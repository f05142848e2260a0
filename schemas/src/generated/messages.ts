// Generated from schemas/messages by `pnpm generate`; not to be edited.

/** Take the author off a message and leave what it says; given by the erasure of an account. Carries the message, since decisions do not keep texts. */
export type AnonymizeMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** The server of that channel. */
  readonly serverId: string;
  /** What it says, 1-4,000 characters, NFC. */
  readonly content: string;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
  /** When it was posted; ms since the epoch. */
  readonly postedAt: number;
};

/** Delete a message; given by the erasure of an account. */
export type DeleteMessage = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
};

/** Post a message. Membership and permission were resolved by the edge before it was appended. */
export type PostMessage = {
  /** The message. */
  readonly messageId: string;
  /** The channel it is posted to. */
  readonly channelId: string;
  /** The server of that channel. */
  readonly serverId: string;
  /** Profile that wrote it. */
  readonly authorId: string;
  /** 1-4,000 characters, NFC. */
  readonly content: string;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
};

export type MessagesCommand =
  | { readonly type: 'AnonymizeMessage'; readonly data: AnonymizeMessage }
  | { readonly type: 'DeleteMessage'; readonly data: DeleteMessage }
  | { readonly type: 'PostMessage'; readonly data: PostMessage };

export const messagesCommandSchemas = [
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.AnonymizeMessage',
    schema: {"type":"record","name":"AnonymizeMessage","namespace":"palaver.messages","doc":"Take the author off a message and leave what it says; given by the erasure of an account. Carries the message, since decisions do not keep texts.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel."},{"name":"content","type":"string","doc":"What it says, 1-4,000 characters, NFC."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null},{"name":"postedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was posted; ms since the epoch."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.DeleteMessage',
    schema: {"type":"record","name":"DeleteMessage","namespace":"palaver.messages","doc":"Delete a message; given by the erasure of an account.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."}]},
  },
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.PostMessage',
    schema: {"type":"record","name":"PostMessage","namespace":"palaver.messages","doc":"Post a message. Membership and permission were resolved by the edge before it was appended.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel it is posted to."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel."},{"name":"authorId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that wrote it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null}]},
  },
] as const;

/** A message is nobody's any more. Carries it whole, but for its author: the sweep erases the records before this one. */
export type MessageAnonymized = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** The server of that channel. */
  readonly serverId: string;
  /** What it says, 1-4,000 characters, NFC. */
  readonly content: string;
  /** Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased. */
  readonly seq: number;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
  /** When it was posted; ms since the epoch. */
  readonly postedAt: number;
};

/** A message was deleted. Ends what it said: the sweep erases the records before this one. */
export type MessageDeleted = {
  /** The message. */
  readonly messageId: string;
  /** Its channel. */
  readonly channelId: string;
  /** Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased. */
  readonly seq: number;
};

/** A message was posted. */
export type MessagePosted = {
  /** The message. */
  readonly messageId: string;
  /** The channel it is posted to. */
  readonly channelId: string;
  /** The server of that channel. */
  readonly serverId: string;
  /** Profile that wrote it. */
  readonly authorId: string;
  /** 1-4,000 characters, NFC. */
  readonly content: string;
  /** Place in its channel, gapless, from 1. */
  readonly seq: number;
  /** When it was first said elsewhere, for an imported message; ms since the epoch. */
  readonly importedAt: number | null;
};

export type MessagesEvent =
  | { readonly type: 'MessageAnonymized'; readonly data: MessageAnonymized }
  | { readonly type: 'MessageDeleted'; readonly data: MessageDeleted }
  | { readonly type: 'MessagePosted'; readonly data: MessagePosted };

export const messagesEventSchemas = [
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessageAnonymized',
    schema: {"type":"record","name":"MessageAnonymized","namespace":"palaver.messages","doc":"A message is nobody's any more. Carries it whole, but for its author: the sweep erases the records before this one.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel."},{"name":"content","type":"string","doc":"What it says, 1-4,000 characters, NFC."},{"name":"seq","type":"long","doc":"Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null},{"name":"postedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was posted; ms since the epoch."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessageDeleted',
    schema: {"type":"record","name":"MessageDeleted","namespace":"palaver.messages","doc":"A message was deleted. Ends what it said: the sweep erases the records before this one.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Its channel."},{"name":"seq","type":"long","doc":"Place in its channel, which it keeps: the channel's last one is folded from it when what was posted is erased."}]},
  },
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessagePosted',
    schema: {"type":"record","name":"MessagePosted","namespace":"palaver.messages","doc":"A message was posted.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel it is posted to."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel."},{"name":"authorId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that wrote it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"seq","type":"long","doc":"Place in its channel, gapless, from 1."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null}]},
  },
] as const;
