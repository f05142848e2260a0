import { expect, test } from 'vitest';
import { localPorts } from './ports.ts';

test('ports are the defaults, moved by the offset', () => {
  expect(localPorts()).toEqual({ kafka: 9092, kafkaController: 9093, registry: 8081, postgres: 5433, s3: 9000 });
  expect(localPorts({}, 100).registry).toBe(8181);
});

test('an environment variable gives a port outright', () => {
  const ports = localPorts({ PALAVER_POSTGRES_PORT: '6000', PALAVER_S3_PORT: '' }, 100);
  expect(ports.postgres).toBe(6000);
  expect(ports.s3).toBe(9100);
});

test.each(['abc', '0', '65536', '1.5'])('the port %s is refused by the name of its variable', (text) => {
  expect(() => localPorts({ PALAVER_KAFKA_PORT: text })).toThrow(/^PALAVER_KAFKA_PORT is ".*"; set it to a port/);
});
