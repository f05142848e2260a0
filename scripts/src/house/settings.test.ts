import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

test('ports are the usual ones unless the environment moves them', () => {
  expect(readSettings({}).ports.gateway).toBe(3001);
  expect(readSettings({ PALAVER_GATEWAY_PORT: '4001' }).ports.gateway).toBe(4001);
});

test('a port that is none is refused by its variable', () => {
  expect(() => readSettings({ PALAVER_GATEWAY_PORT: 'x' })).toThrow('PALAVER_GATEWAY_PORT is "x"');
});

test.each([
  ['of another process', { PALAVER_GATEWAY_PORT: '3003' }, 'auth and gateway were both given port 3003'],
  ['of the local stack', { PALAVER_GATEWAY_PORT: '9092' }, 'kafka and gateway were both given port 9092'],
])('the port %s is refused, and both are named', (_, environment, line) => {
  expect(() => readSettings(environment)).toThrow(line);
});
