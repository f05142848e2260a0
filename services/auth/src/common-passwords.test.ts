import { expect, test } from 'vitest';
import { refuseCommon } from './common-passwords.ts';
import { type SignUpParts, signUp } from './sign-up.ts';

test.each(['password', 'PassWord', '12345678', 'qwertyuiop', 'iloveyou'])('%s is too common', (password) => {
  expect(() => refuseCommon(password)).toThrow(expect.objectContaining({ code: 'password_too_common' }));
});

test.each(['correct horse battery', 'difference engine', 'demo-password', 'password of my own'])(
  '%s is taken',
  (one) => {
    refuseCommon(one);
  },
);

test('a sign-up with one is refused before anything is looked up, hashed or sent', async () => {
  const request = {
    name: 'Ada',
    email: 'ada@example.com',
    password: 'Password',
    profileId: '01900000-0000-7000-8000-000000000001',
    sessionId: '01900000-0000-7000-8000-000000000002',
    commandId: '01900000-0000-7000-8000-000000000003',
    device: null,
    timeMs: 0,
    traceparent: '',
  };
  // It has nothing to work with, so whatever else it did would throw otherwise.
  await expect(signUp(request, {} as SignUpParts)).rejects.toMatchObject({ code: 'password_too_common' });
});
