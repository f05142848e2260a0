import { readFileSync } from 'node:fs';
import { type Command, fingerprint, newId, type Outcome } from '@palaver/decider';
import { type Codec, eventHeaders, eventKey, type NewRecord, type RecordSchema } from '@palaver/event-log';
import { commandSchemas, eventSchemas, type MessagePosted, type PostMessage } from '@palaver/schemas';
import { message, messagesDecider, type PostResult } from '@palaver/service-messages';
import { parseIrcLog } from '../irc/parse.ts';

/** What all benchmarks work with: the messages service's own decider and records, with the texts of a real day of IRC. */

export type Channel = { readonly channelId: string; readonly serverId: string; readonly authorId: string };

export const newChannels = (count: number): Channel[] =>
  Array.from({ length: count }, () => ({ channelId: newId(), serverId: newId(), authorId: newId() }));

const fixture = new URL('../../fixtures/2015-02-04.log', import.meta.url);

/** Real messages, over and over. */
export const realContents = (): (() => string) => {
  const { messages } = parseIrcLog('2015-02-04.log', readFileSync(fixture, 'utf8'));
  let next = 0;
  return () => messages[next++ % messages.length]!.text;
};

/** The decider of messages on topics of its own: `<name>.commands`, `<name>.events`, `<name>.replies`. */
export const benchDecider = (name: string): typeof messagesDecider => ({ ...messagesDecider, name });

/** The schemas of messages' commands and events, for topics of the name. */
export const benchSchemas = (name: string): { readonly commands: RecordSchema[]; readonly events: RecordSchema[] } => ({
  commands: commandSchemas.messages.map((schema) => ({ ...schema, topic: `${name}.commands` })),
  events: eventSchemas.messages.map((schema) => ({ ...schema, topic: `${name}.events` })),
});

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A command as the messages service gives it, traced. */
export const postCommand = (channel: Channel, content: string): Command => {
  const nothingMore = {
    importedAt: null,
    replyToId: null,
    mentions: [],
    mentionsEveryone: false,
    attachments: [],
    slowModeSeconds: 0,
  };
  const data: PostMessage = { ...channel, messageId: newId(), content, ...nothingMore };
  return {
    id: newId(),
    type: 'PostMessage',
    data,
    actor: channel.authorId,
    timeMs: Date.now(),
    fingerprint: fingerprint(['', 'POST', `/channels/${channel.channelId}/messages`, { content }]),
    traceparent,
  };
};

/** The event that follows from such a command. */
export const postedEvent = (command: Command, seq: number): { type: 'MessagePosted'; data: MessagePosted } => {
  const { slowModeSeconds: _, ...data } = command.data as PostMessage;
  return { type: 'MessagePosted', data: { ...data, seq } };
};

/** The record that an owner appends for such a command, with its outcome. */
export const postedRecord = (
  codec: Codec,
  topic: string,
  given: { command: Command; seq: number; commandOffset: number; epoch: string },
): NewRecord => {
  const { command, seq, commandOffset, epoch } = given;
  const event = postedEvent(command, seq);
  const { data } = event;
  const result: PostResult = { messageId: data.messageId, seq, createdAtMs: command.timeMs };
  return {
    key: eventKey(message.of(data.channelId, data.messageId).stream, 1, epoch),
    value: codec.encode(topic, event),
    headers: {
      [eventHeaders.command]: command.id,
      [eventHeaders.commandOffset]: String(commandOffset),
      [eventHeaders.epoch]: epoch,
      [eventHeaders.actor]: command.actor,
      [eventHeaders.traceparent]: traceparent,
      [eventHeaders.index]: '0',
      [eventHeaders.outcome]: JSON.stringify({ kind: 'accepted', result } satisfies Outcome),
      [eventHeaders.fingerprint]: command.fingerprint,
    },
    timestampMs: command.timeMs,
  };
};
