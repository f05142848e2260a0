import type { Entry, TopicEntries } from './catalogue.ts';
import { defaultText, editionText, fieldsText, introduction, partyText, symbolsText, typeText } from './text.ts';

/** The catalogue as a README. */

export const markdownOf = (topics: readonly TopicEntries[]): string => {
  const said = topics.filter(({ entries }) => entries.length > 0);
  return [
    '# The catalogue',
    introduction,
    'The same as a page with a search: [index.html](index.html). For tools: [asyncapi.json](asyncapi.json).',
    said.map(contentsLine).join('\n'),
    ...said.flatMap(topicParts),
    '',
  ].join('\n\n');
};

const contentsLine = ({ topic, entries }: TopicEntries): string =>
  `- \`${topic.name}\`: ${entries.map(({ contract: { schema } }) => `[${schema.name}](#${schema.name.toLowerCase()})`).join(', ')}`;

const topicParts = ({ topic, entries }: TopicEntries): readonly string[] => [
  `## ${topic.name}`,
  `${topic.partitions} partitions, \`cleanup.policy=${topic.config['cleanup.policy']}\`.`,
  ...entries.flatMap(entryParts),
];

const entryParts = (entry: Entry): readonly string[] => {
  const { contract, key, root, producers, readers, editions } = entry;
  const { schema, fullName } = contract;
  return [
    `### ${schema.name}`,
    ...(schema.deprecated === undefined ? [] : [`**Deprecated:** ${cell(schema.deprecated)}`]),
    cell(schema.doc),
    [
      `- Record: \`${fullName}\`, key \`${key}\`, partitioned by \`${root}\``,
      `- Written by: ${producers.map(partyText).join(', ')}`,
      ...readers.map((reader) => `- Read by: ${partyText(reader)}: ${fieldsText(reader, entry)}`),
      `- Versions: ${editions.map(editionText).join(', ')}`,
    ].join('\n'),
    ['| field | type | default | |', '| --- | --- | --- | --- |', ...schema.fields.map(fieldRow)].join('\n'),
  ];
};

const fieldRow = ({ name, type, doc, default: usual, deprecated }: Entry['contract']['schema']['fields'][number]) => {
  const symbols = symbolsText(type);
  const says = [
    deprecated === undefined ? '' : `**Deprecated:** ${deprecated}`,
    doc,
    symbols && `One of ${symbols}.`,
  ].filter(Boolean);
  const value = defaultText(usual);
  return `| \`${name}\` | ${typeText(type)} | ${value && `\`${value}\``} | ${cell(says.join(' '))} |`;
};

/** Text in a table or a paragraph: nothing of it is markup. */
const cell = (text: string): string => text.replace(/[|<>*_`[\]\\]/g, '\\$&').replace(/\s+/g, ' ');
