import { expect, test } from 'vitest';
import { endedSessions, refuseEnded } from './ended-sessions.ts';
import { AUDIENCE, ISSUER, jwks, signToken } from './fixture.ts';
import { tokenVerifier } from './token.ts';

const verifyToken = tokenVerifier({ jwks, issuer: ISSUER, audience: AUDIENCE });

test('an entry lives until no token of its session can be good', () => {
  let nowMs = 1_000_000;
  const ended = endedSessions({ keepMs: 1_000, now: () => nowMs });
  ended.end('a', nowMs - 400);
  expect(ended.has('a')).toBe(true);
  expect(ended.has('b')).toBe(false);
  nowMs += 599;
  expect(ended.has('a')).toBe(true);
  nowMs += 1;
  expect(ended.has('a')).toBe(false);
});

test('what is kept is bounded by what ends in that time', () => {
  let nowMs = 1_000_000;
  const ended = endedSessions({ keepMs: 1_000, now: () => nowMs });
  for (let count = 0; count < 10_000; count += 1) {
    ended.end(`session ${count}`, nowMs);
    nowMs += 10;
  }
  expect(ended.size).toBeLessThanOrEqual(101);
});

test('an end that is long past is not kept, and a later one of the same session counts', () => {
  let nowMs = 1_000_000;
  const ended = endedSessions({ keepMs: 1_000, now: () => nowMs });
  ended.end('old', nowMs - 1_000);
  expect(ended.size).toBe(0);
  ended.end('a', nowMs);
  ended.end('a', nowMs - 500);
  nowMs += 999;
  expect(ended.has('a')).toBe(true);
});

test('a token is refused once its session has ended, and one of another session is not', () => {
  const ended = endedSessions({ keepMs: 60_000 });
  const verify = refuseEnded(verifyToken, ended);
  const [mine, other, none] = [signToken({}, { sid: 'mine' }), signToken({}, { sid: 'other' }), signToken()];
  expect(verify(mine).sid).toBe('mine');
  ended.end('mine', Date.now());
  expect(() => verify(mine)).toThrow(expect.objectContaining({ code: 'session_ended' }));
  expect(verify(other).sid).toBe('other');
  expect(verify(none).sid).toBeUndefined();
});
