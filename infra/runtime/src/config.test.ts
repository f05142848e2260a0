import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ConfigError,
  httpVariables,
  kafkaVariables,
  parsers,
  postgresVariables,
  readConfig,
  variable,
} from './config.ts';

const shape = {
  ...httpVariables(3003),
  ...kafkaVariables,
  ...postgresVariables,
  retries: variable({ name: 'RETRIES', parse: parsers.count, doc: 'how often to try' }),
  strict: variable({ name: 'STRICT', parse: parsers.flag, default: false, doc: 'whether to be strict' }),
};
const good = { PALAVER_POSTGRES_URL: 'postgres://u:p@h:5432/db', RETRIES: '3' };

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(shape, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

test('values are typed, defaults fill in', () => {
  expect(readConfig(shape, { ...good, PALAVER_KAFKA_BROKERS: 'a:1, b:2', STRICT: 'true' })).toEqual({
    httpHost: '127.0.0.1',
    httpPort: 3003,
    kafkaBrokers: ['a:1', 'b:2'],
    postgresUrl: 'postgres://u:p@h:5432/db',
    retries: 3,
    strict: true,
  });
});

test('every missing and malformed value is named at once', () => {
  const faults = faultsOf({ PALAVER_HTTP_PORT: '70000', PALAVER_KAFKA_BROKERS: 'nowhere', STRICT: 'yes' });
  expect(faults.map((fault) => fault.split(' ').slice(0, 3).join(' '))).toEqual([
    'PALAVER_HTTP_PORT is malformed',
    'PALAVER_KAFKA_BROKERS is malformed',
    'PALAVER_POSTGRES_URL is missing:',
    'RETRIES is missing: how'.split(' ').slice(0, 3).join(' '),
    'STRICT is malformed',
  ]);
  expect(faults[0]).toContain('given "70000"');
});

test('an empty text counts as not given', () => {
  expect(readConfig(shape, { ...good, PALAVER_HTTP_PORT: '' }).httpPort).toBe(3003);
  expect(faultsOf({ ...good, RETRIES: '' })).toEqual(['RETRIES is missing: how often to try']);
});

describe('secrets', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('can lie in a file', () => {
    const path = join(folder, 'url');
    writeFileSync(path, 'postgres://u:p@h/db\n');
    expect(readConfig(shape, { RETRIES: '1', PALAVER_POSTGRES_URL_FILE: path }).postgresUrl).toBe(
      'postgres://u:p@h/db',
    );
  });
  test('whose file cannot be read are named', () => {
    const [fault] = faultsOf({ RETRIES: '1', PALAVER_POSTGRES_URL_FILE: join(folder, 'none') });
    expect(fault).toContain('PALAVER_POSTGRES_URL_FILE cannot be read (ENOENT');
  });
  test('are not shown when they are malformed', () => {
    const [fault] = faultsOf({ RETRIES: '1', PALAVER_POSTGRES_URL: 'http://user:hunter2@h' });
    expect(fault).toContain('PALAVER_POSTGRES_URL is malformed');
    expect(fault).not.toContain('hunter2');
  });
  test('alone are read from files', () => {
    expect(faultsOf({ ...good, RETRIES: '', RETRIES_FILE: '/dev/null' })).toEqual([
      'RETRIES is missing: how often to try',
    ]);
  });
});
