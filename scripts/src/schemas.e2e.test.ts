/** The contract commands as a pipeline runs them, on the real registry. */
import { expect, test } from 'vitest';
import { palaver, required } from './testing.ts';

const dataDir = required('PALAVER_TEST_DATA');
const registry = required('PALAVER_TEST_REGISTRY');

test('the schemas as they are break nobody: neither what was released nor what the registry holds', async () => {
  const { code, output } = await palaver(['schemas', 'check', '--registry', registry], { dataDir });
  expect(output).toMatch(/^\d+ schemas break nobody\n$/);
  expect(code).toBe(0);
});

test('registering again registers nothing', async () => {
  const { code, output } = await palaver(['schemas', 'register', '--registry', registry], { dataDir });
  expect(output).toMatch(/^0 registered, \d+ were there\n$/);
  expect(code).toBe(0);
});

test('a registry that is away is named', async () => {
  const nowhere = 'http://127.0.0.1:1/apis/ccompat/v7';
  const { code, output } = await palaver(['schemas', 'check', '--registry', nowhere], { dataDir });
  expect(output).toContain(`the registry at ${nowhere} does not answer`);
  expect(code).toBe(1);
});
