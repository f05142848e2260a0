import { expect, test } from 'vitest';
import { limitOf, parseLimits, shareOf, usualLimits } from './rate-limits.ts';

const clientAddress = '2001:db8::7';
const network = '2001:db8:0:0::/64';

test.each([
  ['POST', '/auth/signin', undefined, 'accounts', network],
  ['GET', '/auth/sessions', undefined, 'anonymous', network],
  ['GET', '/files/1/picture', undefined, 'anonymous', network],
  ['POST', '/auth/signout', 'ada', 'commands', 'ada'],
  ['GET', '/servers', 'ada', 'queries', 'ada'],
  ['HEAD', '/channels/1/messages', 'ada', 'queries', 'ada'],
  ['POST', '/channels/1/messages', 'ada', 'posts', 'ada'],
  ['POST', '/channels/1/messages/2/pin', 'ada', 'commands', 'ada'],
  ['PUT', '/files/uploads/1', 'ada', 'uploads', 'ada'],
  ['POST', '/files?channelId=1', 'ada', 'uploads', 'ada'],
  ['DELETE', '/servers/1', 'ada', 'commands', 'ada'],
])('%s %s by %s counts as %s of %s', (method, path, profile, kind, subject) => {
  expect(limitOf({ method, path, profile, clientAddress })).toEqual({ kind, subject });
});

test('limits are the usual ones but for those that are given', () => {
  expect(parseLimits(' posts=5/10 ,')).toEqual({ ...usualLimits, posts: { requests: 5, seconds: 10 } });
  expect(parseLimits('')).toEqual(usualLimits);
});

test.each(['post=5/10', 'posts=0/10', 'posts=5', 'posts=5/0', 'posts=-1/3'])('%s is no limit', (text) => {
  expect(() => parseLimits(text)).toThrow(`"${text}" is no limit`);
});

test.each([
  [1, 1],
  [19, 1],
  [100, 5],
  [120, 6],
  [101, 1],
  [3_000, 150],
])('of %s requests a share is %s', (requests, share) => {
  expect(shareOf(requests)).toBe(share);
});
