import { readContracts, readHistory } from '@palaver/schemas/contracts';
import { expect, test } from 'vitest';
import { consumers } from './consumers.ts';
import { knownRecords, readsOf } from './exploration.ts';

const reads = readsOf(consumers, knownRecords(readContracts(), readHistory()));
const fieldsRead = (consumer: string, record: string) =>
  reads.find((one) => one.consumer.name === consumer && one.record === record)?.fields;

test.each([
  { reader: 'projection search', record: 'MessageEdited', fields: ['channelId', 'seq', 'content'] },
  // By a helper that it shares with another handler.
  { reader: 'projection servers', record: 'MemberUnbanned', fields: ['serverId', 'profileId'] },
  // By the audit log, which writes down all that an event says.
  {
    reader: 'projection servers',
    record: 'MemberRoleChanged',
    fields: ['serverId', 'profileId', 'role', 'previousRole'],
  },
  // Only of files of one purpose.
  { reader: 'projection auth', record: 'FileStored', fields: ['fileId', 'ownerId', 'channelId', 'purpose'] },
  // That it has happened is all that counts.
  { reader: 'projection auth', record: 'EmailClaimed', fields: [] },
  // By a fold, by one of another stream that the event touches, and where it is touched.
  { reader: 'decider messages', record: 'MessagePosted', fields: ['channelId', 'authorId', 'seq', 'attachments'] },
  // Only where something was set before.
  { reader: 'decider servers', record: 'ChannelOverwriteRemoved', fields: ['role', 'profileId'] },
  // By who touches the invite: only where there is one.
  {
    reader: 'decider servers',
    record: 'MemberJoined',
    fields: ['serverId', 'role', 'permissions', 'inviteCode', 'timedOutUntil'],
  },
  // Handed on whole.
  {
    reader: 'process manager sign-up',
    record: 'EmailClaimed',
    fields: ['emailHash', 'profileId', 'name', 'emailSealed', 'passwordSealed'],
  },
  // For what is done outside the log.
  { reader: 'process manager notices', record: 'EmailChanged', fields: ['profileId', 'previousEmailSealed'] },
  { reader: 'process manager thumbnails', record: 'FileStored', fields: ['fileId', 'ownerId', 'type', 'objectKey'] },
  { reader: 'token check', record: 'SessionEnded', fields: ['sessionId'] },
])('$reader reads of $record: $fields', ({ reader, record, fields }) => {
  expect(fieldsRead(reader, record)).toEqual(fields);
});

test('whoever has no handler for a record reads nothing of it', () => {
  expect(fieldsRead('projection search', 'ReactionAdded')).toBeUndefined();
});

test('every event is read by somebody, and every command by who decides it', () => {
  const known = new Set(reads.map(({ topic, record }) => `${topic} ${record}`));
  const unread = readContracts().filter(({ topic, schema }) => !known.has(`${topic} ${schema.name}`));
  expect(unread).toEqual([]);
});
