import {
  type AvroField,
  type AvroRecord,
  type Contract,
  type RecordHistory,
  readContracts,
  readHistory,
} from '@palaver/schemas/contracts';
import { describe, expect, test } from 'vitest';
import { checkContracts, isBroken, linesOf } from './check.ts';
import { consumers } from './consumers.ts';

const contracts = readContracts();
const history = readHistory();
const checked = (changes: { contracts?: readonly Contract[]; history?: readonly RecordHistory[] }) =>
  checkContracts({ contracts, history, consumers, faults: [], ...changes });

/** The schemas with one record changed. */
const altered = (record: string, change: (schema: AvroRecord) => AvroRecord): readonly Contract[] =>
  contracts.map((contract) =>
    contract.schema.name === record ? { ...contract, schema: change(contract.schema) } : contract,
  );
const changedField = (name: string, change: (field: AvroField) => readonly AvroField[]) => (schema: AvroRecord) => ({
  ...schema,
  fields: schema.fields.flatMap((field) => (field.name === name ? change(field) : [field])),
});
const added = (field: AvroField) => (schema: AvroRecord) => ({ ...schema, fields: [...schema.fields, field] });

const readersOf = (changed: readonly Contract[]) =>
  Object.fromEntries(
    checked({ contracts: changed }).breaks.map(({ kind, path, readBy }) => [`${kind} ${path}`, readBy]),
  );

test('the schemas as they are break nobody, and give everybody what they need', () => {
  const check = checked({});
  expect(linesOf(check, contracts.length)).toEqual([`${contracts.length} schemas break nobody`]);
  expect(isBroken(check)).toBe(false);
});

describe('who reads what is to change is named', () => {
  test('when a field is removed', () => {
    const changed = altered(
      'MessageEdited',
      changedField('mentions', () => []),
    );
    expect(readersOf(changed)).toEqual({});
    const required = altered(
      'MessageEdited',
      changedField('content', () => []),
    );
    expect(readersOf(required)).toEqual({ 'field removed content': ['projection messages', 'projection search'] });
  });

  test('when a field is renamed, by an alias too', () => {
    const renamed = { 'field renamed emoji': ['decider messages', 'projection messages'] };
    for (const aliases of [[], ['emoji']]) {
      const changed = altered(
        'ReactionAdded',
        changedField('emoji', (field) => [{ ...field, name: 'sign', aliases }]),
      );
      expect(readersOf(changed)).toEqual(renamed);
    }
  });

  test('when a field is renamed, and the code has followed', () => {
    const changed = altered(
      'ReactionAdded',
      changedField('emoji', (field) => [{ ...field, name: 'sign' }]),
    );
    const reader = { kind: 'projection', processes: [], topics: ['messages.events'] } as const;
    const handlers = { ReactionAdded: ({ sign }: { sign: string }) => sign };
    const signs = { ...reader, name: 'projection signs', handlers };
    const { breaks } = checkContracts({ contracts: changed, history, consumers: [signs], faults: [] });
    expect(breaks.map(({ readBy }) => readBy)).toEqual([['projection signs']]);
  });

  test('when a type is changed', () => {
    const changed = altered(
      'QuotaChanged',
      changedField('usedBytes', (field) => [{ ...field, type: 'string' }]),
    );
    expect(readersOf(changed)).toEqual({ 'type changed usedBytes': ['decider files', 'projection files'] });
  });

  test('when what is in an array is changed', () => {
    const type = { type: 'array', items: 'long' } as const;
    const changed = altered(
      'MessageDeleted',
      changedField('attachments', (field) => [{ ...field, type }]),
    );
    expect(readersOf(changed)).toEqual({ 'type changed attachments[]': ['projection files'] });
  });

  test('when a logical type is changed', () => {
    const changed = altered(
      'SessionStarted',
      changedField('expiresAt', (field) => [{ ...field, type: 'long' }]),
    );
    expect(readersOf(changed)).toEqual({ 'logical type changed expiresAt': ['decider auth', 'projection auth'] });
  });

  test('when a default is missing', () => {
    const field: AvroField = { name: 'mood', doc: 'How it was said.', type: 'string' };
    const reader = { kind: 'projection', processes: [], topics: ['messages.events'] } as const;
    const moods = {
      ...reader,
      name: 'projection moods',
      handlers: { MessagePosted: ({ mood }: { mood: string }) => mood },
    };
    const check = checkContracts({
      contracts: altered('MessagePosted', added(field)),
      history,
      consumers: [...consumers, moods],
      faults: [],
    });
    expect(check.breaks.map(({ kind, path, readBy }) => ({ kind, path, readBy }))).toEqual([
      { kind: 'field added without a default', path: 'mood', readBy: ['projection moods'] },
    ]);
    // The others do not read it, and cannot read what is around it either.
    expect(check.needs.map(({ consumer, field, versions }) => ({ consumer, field, versions }))).toEqual([
      { consumer: 'decider messages', field: null, versions: [1] },
      { consumer: 'projection messages', field: null, versions: [1] },
      { consumer: 'projection search', field: null, versions: [1] },
      { consumer: 'projection moods', field: 'mood', versions: [1] },
    ]);
  });

  test('when a symbol is removed', () => {
    const changed = altered(
      'AccountDeleted',
      changedField('messages', (field) => [
        { ...field, type: { ...(field.type as object), symbols: ['DELETE'], default: 'DELETE' } as never },
      ]),
    );
    expect(readersOf(changed)).toEqual({ 'symbol removed messages': ['decider auth', 'projection messages'] });
  });

  test('when a record is renamed, or is gone', () => {
    const all = ['decider files', 'projection messages', 'projection files'];
    const renamed = altered('ThumbnailAdded', (schema) => ({ ...schema, name: 'PreviewAdded' }));
    expect(readersOf(renamed)).toEqual({ 'record renamed ': all });
    const gone = contracts.filter(({ schema }) => schema.name !== 'ThumbnailAdded');
    expect(readersOf(gone)).toEqual({ 'record removed ': all });
  });

  test('when it is a command that changes', () => {
    const changed = altered(
      'AddReaction',
      changedField('by', (field) => [{ ...field, type: 'long' }]),
    );
    expect(readersOf(changed)).toEqual({ 'type changed by': ['decider messages'] });
  });
});

describe('who needs what is not given is found', () => {
  const needs = (changes: Parameters<typeof checked>[0]) =>
    checked(changes).needs.map(({ consumer, record, field, what }) => `${consumer}: ${record}.${field}: ${what}`);

  test('a field that is in the code and not in the schema', () => {
    expect(
      needs({
        contracts: altered(
          'MessageEdited',
          changedField('content', () => []),
        ),
      }),
    ).toEqual([
      'projection messages: MessageEdited.content: nothing gives it',
      'projection search: MessageEdited.content: nothing gives it',
    ]);
  });

  test('a field that an older version does not have', () => {
    const older = history.map((one) =>
      one.record === 'ReadMarked'
        ? { ...one, versions: one.versions.map((v) => ({ ...v, schema: changedField('seq', () => [])(v.schema) })) }
        : one,
    );
    expect(needs({ history: older })).toEqual([
      'decider messages: ReadMarked.seq: nothing gives it',
      'projection messages: ReadMarked.seq: nothing gives it',
    ]);
    const seq = (field: AvroField) => [{ ...field, default: 0 }];
    expect(needs({ history: older, contracts: altered('ReadMarked', changedField('seq', seq)) })).toEqual([]);
  });

  test('a type that no schema says', () => {
    expect(needs({ contracts: contracts.filter(({ schema }) => schema.name !== 'PaceTaken') })).toEqual([
      'decider messages: PaceTaken.null: no schema says it',
      'projection messages: PaceTaken.null: no schema says it',
    ]);
  });

  test('a version that a consumer fails on', () => {
    const strict = {
      kind: 'projection',
      name: 'projection strict',
      processes: [],
      topics: ['messages.events'],
      handlers: {
        ReadMarked: ({ seq }: { seq: number }) => {
          if (seq === 0) throw new RangeError('nobody has read nothing');
        },
      },
    } as const;
    const { needs } = checkContracts({ contracts, history, consumers: [strict], faults: [] });
    expect(needs).toMatchObject([{ field: null, what: 'it fails on it: nobody has read nothing' }]);
  });
});

test('a version that the registry has and nobody released is told', () => {
  const { topic, record, versions } = history.find((one) => one.record === 'MessagePosted')!;
  const cut = history.map((one) => (one.record === record ? { ...one, versions: versions.slice(0, -1) } : one));
  const held = [{ topic, record, versions: versions.map(({ schema }, index) => ({ version: index + 1, schema })) }];
  const check = (of: readonly RecordHistory[]) =>
    checkContracts({ contracts, history: of, consumers, faults: [], held }).edited;
  expect(check(history)).toEqual([]);
  expect(check(cut)).toEqual([
    `history/messages.events/MessagePosted.jsonl: it does not hold what the registry has as version ${versions.length}; its line was cut, or it was registered before its release`,
  ]);
});

test('what was found is written for people, with who reads it', () => {
  const check = checked({
    contracts: altered(
      'MessageEdited',
      changedField('content', () => []),
    ),
  });
  expect(linesOf(check, 0)).toEqual([
    'messages.events MessageEdited.content: field removed',
    expect.stringMatching(/^ {2}.*; hits old readers of released version 1$/),
    '  read by: projection messages, projection search',
    expect.stringMatching(/^ {2}instead: /),
    'projection messages needs messages.events MessageEdited.content from released version 1: nothing gives it',
    'projection search needs messages.events MessageEdited.content from released version 1: nothing gives it',
    'messages.events MessageEdited: version 2 is not released yet (palaver schemas release)',
  ]);
});
