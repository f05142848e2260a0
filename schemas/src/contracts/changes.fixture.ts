import type { AvroField, AvroRecord, AvroType } from './avro.ts';
import type { BreakKind, Hit } from './comparison.ts';

/** Changes of a record, what each breaks, and for whom: what our own comparison, avsc and a registry are held against. */

export type Change = {
  readonly name: string;
  readonly before: AvroRecord;
  readonly after: AvroRecord;
  /** The breaks by `<kind> <path>`, and who they hit. */
  readonly breaks: Readonly<Record<`${BreakKind} ${string}`, readonly Hit[]>>;
  /** Bytes can be read all the same: only we refuse it. */
  readonly readable?: true;
};

export const field = (name: string, type: AvroType, more: Partial<AvroField> = {}): AvroField => ({
  name,
  type,
  doc: 'A field.',
  ...more,
});
export const recordOf = (fields: readonly AvroField[], more: Partial<AvroRecord> = {}): AvroRecord => ({
  type: 'record',
  name: 'Noted',
  namespace: 'palaver.test',
  doc: 'Something was noted.',
  fields,
  ...more,
});
export const enumOf = (symbols: readonly string[], more: { name?: string; default?: string } = {}): AvroType => ({
  type: 'enum',
  name: 'Colour',
  namespace: 'palaver.test',
  doc: 'A colour.',
  symbols,
  ...more,
});

const uuid = { type: 'string', logicalType: 'uuid' };
const time = { type: 'long', logicalType: 'timestamp-millis' };
const id = field('id', uuid);
const both: readonly Hit[] = ['new readers', 'old readers'];
const older: readonly Hit[] = ['old readers'];
const newer: readonly Hit[] = ['new readers'];

/** One field, as it was and as it is. */
const of = (before: AvroType, after: AvroType): Pick<Change, 'before' | 'after'> => ({
  before: recordOf([id, field('said', before)]),
  after: recordOf([id, field('said', after)]),
});
const fields = (before: readonly AvroField[], after: readonly AvroField[]): Pick<Change, 'before' | 'after'> => ({
  before: recordOf([id, ...before]),
  after: recordOf([id, ...after]),
});

const note = field('note', 'string');
const optional = field('note', ['null', 'string'], { default: null });

export const changes: readonly Change[] = [
  { name: 'nothing', ...fields([note], [note]), breaks: {} },
  { name: 'another doc', ...fields([note], [{ ...note, doc: 'Better said.' }]), breaks: {} },
  { name: 'another order', before: recordOf([id, note]), after: recordOf([note, id]), breaks: {} },
  { name: 'a field comes, with a default', ...fields([], [optional]), breaks: {} },
  { name: 'a field comes', ...fields([], [note]), breaks: { 'field added without a default note': newer } },
  { name: 'a field goes that has a default', ...fields([optional], []), breaks: {} },
  { name: 'a field goes', ...fields([note], []), breaks: { 'field removed note': older } },
  {
    name: 'a field is renamed',
    ...fields([note], [field('remark', 'string')]),
    breaks: { 'field renamed note': both },
  },
  {
    name: 'a field is renamed, with a default',
    ...fields([note], [field('remark', 'string', { default: '' })]),
    breaks: { 'field renamed note': older },
  },
  {
    name: 'a field is renamed by an alias',
    ...fields([note], [field('remark', 'string', { aliases: ['note'] })]),
    breaks: { 'field renamed note': older },
  },
  {
    name: 'one field goes and another, of another type, comes',
    ...fields([note], [field('count', 'long')]),
    breaks: { 'field removed note': older, 'field added without a default count': newer },
  },
  {
    name: 'a default is another one',
    ...fields([field('note', 'string', { default: '' })], [field('note', 'string', { default: 'none' })]),
    breaks: { 'default changed note': newer },
    readable: true,
  },
  {
    name: 'a default is gone',
    ...fields([field('note', 'string', { default: '' })], [note]),
    breaks: { 'default changed note': newer },
    readable: true,
  },
  { name: 'text becomes a number', ...of('string', 'long'), breaks: { 'type changed said': both } },
  { name: 'a number becomes wider', ...of('int', 'long'), breaks: { 'type changed said': older } },
  { name: 'a number becomes narrower', ...of('double', 'long'), breaks: { 'type changed said': newer } },
  { name: 'text becomes bytes', ...of('string', 'bytes'), breaks: { 'type changed said': both }, readable: true },
  { name: 'it may be null', ...of('string', ['null', 'string']), breaks: { 'type changed said': older } },
  { name: 'it may not be null', ...of(['null', 'string'], 'string'), breaks: { 'type changed said': newer } },
  { name: 'inside of a null', ...of(['null', 'string'], ['null', 'long']), breaks: { 'type changed said': both } },
  {
    name: 'one becomes many',
    ...of('string', { type: 'array', items: 'string' }),
    breaks: { 'type changed said': both },
  },
  {
    name: 'inside of an array',
    ...of({ type: 'array', items: 'string' }, { type: 'array', items: 'long' }),
    breaks: { 'type changed said[]': both },
  },
  {
    name: 'text becomes an id',
    ...of('string', uuid),
    breaks: { 'logical type changed said': both },
    readable: true,
  },
  {
    name: 'another unit of time',
    ...of(time, { type: 'long', logicalType: 'timestamp-micros' }),
    breaks: { 'logical type changed said': both },
    readable: true,
  },
  {
    name: 'ids of an array become text',
    ...of({ type: 'array', items: uuid }, { type: 'array', items: 'string' }),
    breaks: { 'logical type changed said[]': both },
    readable: true,
  },
  {
    name: 'a symbol comes',
    ...of(enumOf(['RED'], { default: 'RED' }), enumOf(['RED', 'BLUE'], { default: 'RED' })),
    breaks: {},
  },
  {
    name: 'a symbol comes to an enum that had no default',
    ...of(enumOf(['RED']), enumOf(['RED', 'BLUE'])),
    breaks: { 'symbol added said': older },
  },
  {
    name: 'a symbol goes',
    ...of(enumOf(['RED', 'BLUE'], { default: 'RED' }), enumOf(['RED'], { default: 'RED' })),
    breaks: { 'symbol removed said': newer },
    readable: true,
  },
  {
    name: 'a symbol goes from an enum without a default',
    ...of(enumOf(['RED', 'BLUE']), enumOf(['RED'])),
    breaks: { 'symbol removed said': newer },
  },
  {
    name: "an enum's default changes",
    ...of(enumOf(['RED', 'BLUE'], { default: 'RED' }), enumOf(['RED', 'BLUE'], { default: 'BLUE' })),
    breaks: { 'default changed said': newer },
    readable: true,
  },
  {
    name: 'an enum loses its default',
    ...of(enumOf(['RED'], { default: 'RED' }), enumOf(['RED'])),
    breaks: { 'default changed said': newer },
    readable: true,
  },
  {
    name: 'an enum is renamed',
    ...of(enumOf(['RED'], { default: 'RED' }), enumOf(['RED'], { default: 'RED', name: 'Hue' })),
    breaks: { 'enum renamed said': both },
  },
  {
    name: 'an enum becomes text',
    ...of(enumOf(['RED'], { default: 'RED' }), 'string'),
    breaks: { 'type changed said': both },
  },
  {
    name: 'an enum that is used twice loses a symbol',
    before: recordOf([field('one', enumOf(['RED', 'BLUE'])), field('other', 'palaver.test.Colour')]),
    after: recordOf([field('one', enumOf(['RED'])), field('other', 'palaver.test.Colour')]),
    breaks: { 'symbol removed one': newer, 'symbol removed other': newer },
  },
  {
    name: 'the record is renamed',
    before: recordOf([id]),
    after: recordOf([id], { name: 'Remarked' }),
    breaks: { 'record renamed ': both },
  },
  {
    name: 'the record is renamed by an alias',
    before: recordOf([id]),
    after: recordOf([id], { name: 'Remarked', aliases: ['Noted'] }),
    breaks: { 'record renamed ': older },
  },
];
