import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AvroRecord, readContracts, readHistory } from '@palaver/schemas/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { catalogueOf } from './catalogue.ts';
import { htmlOf } from './html.ts';
import { markdownOf } from './markdown.ts';
import { writeCatalogue } from './write.ts';

const contracts = readContracts();
const catalogue = catalogueOf(contracts, readHistory());
const entries = catalogue.flatMap((topic) => topic.entries);
const entryOf = (record: string) => entries.find(({ contract }) => contract.schema.name === record)!;

test.each([
  { record: 'MessagePosted', key: 'message:<channelId>:<messageId>', root: '<channelId>' },
  { record: 'EmailClaimed', key: 'email:<emailHash>', root: '<emailHash>' },
  // It touches the member's stream too.
  { record: 'MemberBanned', key: 'ban:<serverId>:<profileId>', root: '<serverId>' },
  // Who kicks is a member too.
  { record: 'MemberKicked', key: 'member:<serverId>:<profileId>', root: '<serverId>' },
  // Its command names the profile otherwise.
  { record: 'ReactionAdded', key: 'reaction:<channelId>:<messageId>:<by>:<emoji>', root: '<channelId>' },
  { record: 'MemberMentioned', key: 'mentions:<channelId>:<mentions[]>', root: '<channelId>' },
])('$record lies under $key', ({ record, key, root }) => {
  expect(entryOf(record)).toMatchObject({ key: `${key}/<version>/<owner epoch>`, root });
});

test('a command lies in the partition of what it is about', () => {
  expect(entryOf('PostMessage')).toMatchObject({ key: '<command id>', root: '<channelId>' });
  expect(entryOf('ReleaseEmail')).toMatchObject({ key: '<command id>', root: '<emailHash>' });
});

test('who writes a command is told, process managers by the events that they follow', () => {
  const writers = (record: string) => entryOf(record).producers.map(({ name }) => name);
  expect(writers('CreateProfile')).toEqual(['service auth', 'process manager sign-up']);
  expect(writers('AddThumbnail')).toEqual(['jobs of thumbnails']);
  expect(writers('SessionEnded')).toEqual(['decider auth']);
});

test('versions tell what came and went, also what is not released yet', () => {
  const changed = contracts.map((contract) => {
    if (contract.schema.name !== 'MessageEdited') return contract;
    const [id, ...fields] = contract.schema.fields;
    const schema: AvroRecord = { ...contract.schema, fields: [...fields, { ...id!, name: 'editId' }] };
    return { ...contract, schema };
  });
  const edited = catalogueOf(changed, readHistory())
    .flatMap((topic) => topic.entries)
    .find(({ contract }) => contract.schema.name === 'MessageEdited')!;
  expect(edited.editions.at(-1)).toEqual({ version: null, added: ['editId'], removed: ['messageId'] });
  expect(entryOf('MessageEdited').editions).toMatchObject([{ version: 1, added: [], removed: [] }]);
});

test('both pages say each record once, and nothing of a doc is markup', () => {
  const doubtful = contracts.map((contract) => ({
    ...contract,
    schema: { ...contract.schema, doc: 'At most <b>one</b> | none & *all*' },
  }));
  const topics = catalogueOf(doubtful, readHistory());
  const [html, markdown] = [htmlOf(topics), markdownOf(topics)];
  for (const { schema } of contracts) {
    expect(html.split(`<h3>${schema.name}</h3>`)).toHaveLength(2);
    expect(markdown.split(`\n### ${schema.name}\n`)).toHaveLength(2);
  }
  expect(html).toContain('At most &lt;b&gt;one&lt;/b&gt; | none &amp; *all*');
  expect(markdown).toContain('At most \\<b\\>one\\</b\\> \\| none & \\*all\\*');
});

test('a file that is not what it should be is named, and written anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(writeCatalogue({ check: true, folder })).toEqual(['README.md', 'index.html', 'asyncapi.json']);
  expect(readdirSync(folder)).toEqual([]);
  writeCatalogue({ check: false, folder });
  expect(writeCatalogue({ check: true, folder })).toEqual([]);
  const page = join(folder, 'index.html');
  writeFileSync(page, readFileSync(page, 'utf8').replace('MessagePosted', 'MessagePasted'));
  expect(writeCatalogue({ check: true, folder })).toEqual(['index.html']);
});
