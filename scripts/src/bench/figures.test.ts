import { describe, expect, it } from 'vitest';
import { equal, type Figure, figuresTable, isMet, number } from './figures.ts';

const figure: Figure = {
  name: 'commands/s',
  durability: 'default',
  unit: '/s',
  ours: 4_000,
  limit: { of: 'bare producer', value: 10_000 },
  ratio: 0.4,
  asked: { kind: 'ratio', atLeast: 0.4 },
  checks: [equal('events on the log', 10, 10)],
};

describe('isMet', () => {
  it('takes a ratio at its bound', () => expect(isMet(figure)).toBe(true));
  it('refuses a ratio below its bound', () => expect(isMet({ ...figure, ratio: 0.39 })).toBe(false));
  it('refuses a ratio that was never measured', () => expect(isMet({ ...figure, ratio: null })).toBe(false));
  it.each([
    [1.5, true],
    [1.51, false],
  ])('judges a ratio of %d that may be 1.5 at most', (ratio, met) =>
    expect(isMet({ ...figure, ratio, asked: { kind: 'ratio', atMost: 1.5 } })).toBe(met),
  );
  it('takes a value at most', () =>
    expect(isMet({ ...figure, ours: 5, asked: { kind: 'value', atMost: 5 } })).toBe(true));
  it('refuses a value below what is asked at least', () =>
    expect(isMet({ ...figure, ours: 59_999, asked: { kind: 'value', atLeast: 60_000 } })).toBe(false));
  it('does not judge where nothing is asked', () => expect(isMet({ ...figure, asked: null })).toBe(null));
  it('counts nothing that was not done right', () =>
    expect(isMet({ ...figure, checks: [equal('events on the log', 10, 9)] })).toBe(false));
});

describe('figuresTable', () => {
  it('sets ours, limit, ratio, what is asked and whether it is met beside each other', () => {
    const [head, line] = figuresTable([figure]).split('\n');
    expect(head).toMatch(/^figure +log +ours +limit +ratio +asked +met +limit is$/);
    expect(line).toBe('commands/s  default  4,000 /s  10,000   0.40  ratio >= 0.4  yes  bare producer');
  });
  it('says which check failed and what was found', () => {
    const text = figuresTable([{ ...figure, checks: [equal('events on the log', 10, 9)] }]);
    expect(text).toContain('wrong');
    expect(text).toContain('NOT CORRECT: commands/s (default): events on the log: 9 of 10');
  });
});

describe('number', () => {
  it.each([
    [0, '0'],
    [0.4213, '0.42'],
    [4.213, '4.21'],
    [42.13, '42.1'],
    [421.3, '421'],
    [42_130, '42,130'],
  ])('%d is shown as %s', (value, text) => expect(number(value)).toBe(text));
});
