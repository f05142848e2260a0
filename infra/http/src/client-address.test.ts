import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { clientAddress, networkOf, parseCidrs } from './client-address.ts';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('where a request came from', () => {
  const trusted = parseCidrs('127.0.0.1, ::1, 10.0.0.0/8');
  test.each([
    ['a stranger', '203.0.113.7', undefined, '203.0.113.7'],
    ['a stranger who claims to be somebody else', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['a proxy that is trusted', '10.1.2.3', '203.0.113.7', '203.0.113.7'],
    ['two of them', '127.0.0.1', '203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['a proxy to whom the client lied', '10.1.2.3', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['a proxy that says nothing', '10.1.2.3', undefined, '10.1.2.3'],
    ['a proxy that says nonsense', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['IPv4 by its IPv6 name', '::ffff:10.1.2.3', '::ffff:203.0.113.7', '203.0.113.7'],
    ['IPv6', '::1', '2001:db8::1', '2001:db8::1'],
  ])('%s', (_, peer, forwarded, expected) => {
    expect(clientAddress(request(peer, forwarded), trusted)).toBe(expected);
  });
  test('nobody is believed unless it is said', () => {
    expect(clientAddress(request('127.0.0.1', '203.0.113.7'), parseCidrs(''))).toBe('127.0.0.1');
  });
});

test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'localhost', '::1/129', '10.0.0/8'])(
  '%s is no network',
  (text) => {
    expect(() => parseCidrs(text)).toThrow(TypeError);
  },
);

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s belongs to %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
