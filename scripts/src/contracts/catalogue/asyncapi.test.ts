import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AvroSchemaParser } from '@asyncapi/avro-schema-parser';
import { Parser } from '@asyncapi/parser';
import { allSchemas, topics } from '@palaver/schemas';
import { expect, test } from 'vitest';
import { catalogueFolder } from './write.ts';

const written = readFileSync(join(catalogueFolder, 'asyncapi.json'), 'utf8');
const parser = new Parser({ schemaParsers: [AvroSchemaParser()] });
// Once: it takes seconds.
const parsed = await parser.parse(written);

test('the official parser has nothing to say against the document, and finds all in it', () => {
  const { document, diagnostics } = parsed;
  expect(diagnostics).toEqual([]);
  const channels = document!.channels().all();
  expect(channels.map((channel) => channel.address())).toEqual(topics.map(({ name }) => name));
  const names = channels.flatMap((channel) =>
    channel
      .messages()
      .all()
      .map((message) => message.name()),
  );
  const records = names.filter((name) => name !== 'Replies');
  expect(records.sort()).toEqual(allSchemas.map(({ fullName }) => fullName).sort());
});

test('operations say who sends and who receives what', () => {
  const { document } = parsed;
  const operation = (id: string) => {
    const found = document!.operations().get(id)!;
    return {
      action: found.action(),
      messages: found
        .messages()
        .all()
        .map((message) => message.title()),
    };
  };
  expect(operation('projection-search.receive.messages.events')).toEqual({
    action: 'receive',
    messages: ['MessageAnonymized', 'MessageDeleted', 'MessageEdited', 'MessagePosted'],
  });
  expect(operation('process-manager-email-change.send.auth.commands')).toEqual({
    action: 'send',
    messages: ['ChangeEmail', 'ReleaseEmail'],
  });
  expect(operation('jobs-of-thumbnails.send.files.commands')).toEqual({ action: 'send', messages: ['AddThumbnail'] });
});

// Two more times; a busy machine multiplies the seconds.
test('what is no AsyncAPI is refused by it', { timeout: 120_000 }, async () => {
  const { diagnostics } = await parser.parse(written.replace('"action": "send"', '"action": "shout"'));
  expect(diagnostics.length).toBeGreaterThan(0);
  const { diagnostics: ofAvro } = await parser.parse(written.replace('"type": "record"', '"type": "rekord"'));
  expect(ofAvro.length).toBeGreaterThan(0);
});
