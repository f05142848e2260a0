import { expect, test } from 'vitest';
import { recording } from './recording.ts';

const readBy = (use: (data: Record<string, unknown>) => unknown): readonly string[] => {
  const asked = new Set<string>();
  use(recording({ id: 'one', name: 'Ada', tags: ['a'] }, (field) => void asked.add(field)));
  return [...asked].sort();
};

test.each([
  { how: 'by name', use: (data: Record<string, unknown>) => data.name, fields: ['name'] },
  { how: 'taken apart', use: ({ id, tags }: Record<string, unknown>) => [id, tags], fields: ['id', 'tags'] },
  { how: 'asked for', use: (data: Record<string, unknown>) => 'name' in data, fields: ['name'] },
  { how: 'not there', use: (data: Record<string, unknown>) => data.age, fields: ['age'] },
  { how: 'by the rest', use: ({ id, ...rest }: Record<string, unknown>) => [id, rest], fields: ['id', 'name', 'tags'] },
  { how: 'by a spread', use: (data: Record<string, unknown>) => ({ ...data }), fields: ['id', 'name', 'tags'] },
  { how: 'by its names', use: (data: Record<string, unknown>) => Object.keys(data), fields: ['id', 'name', 'tags'] },
  { how: 'not at all', use: () => null, fields: [] },
])('what is read $how', ({ use, fields }) => {
  expect(readBy(use)).toEqual(fields);
});
