// Generated from schemas/messages by `pnpm generate`; not to be edited.

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
  | { readonly type: 'PostMessage'; readonly data: PostMessage };

export const messagesCommandSchemas = [
  {
    topic: 'messages.commands',
    fullName: 'palaver.messages.PostMessage',
    schema: {"type":"record","name":"PostMessage","namespace":"palaver.messages","doc":"Post a message. Membership and permission were resolved by the edge before it was appended.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel it is posted to."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel."},{"name":"authorId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that wrote it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null}]},
  },
] as const;

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
  | { readonly type: 'MessagePosted'; readonly data: MessagePosted };

export const messagesEventSchemas = [
  {
    topic: 'messages.events',
    fullName: 'palaver.messages.MessagePosted',
    schema: {"type":"record","name":"MessagePosted","namespace":"palaver.messages","doc":"A message was posted.","fields":[{"name":"messageId","type":{"type":"string","logicalType":"uuid"},"doc":"The message."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"The channel it is posted to."},{"name":"serverId","type":{"type":"string","logicalType":"uuid"},"doc":"The server of that channel."},{"name":"authorId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that wrote it."},{"name":"content","type":"string","doc":"1-4,000 characters, NFC."},{"name":"seq","type":"long","doc":"Place in its channel, gapless, from 1."},{"name":"importedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was first said elsewhere, for an imported message; ms since the epoch.","default":null}]},
  },
] as const;
