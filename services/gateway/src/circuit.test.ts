import { expect, test } from 'vitest';
import { type Circuit, circuit } from './circuit.ts';

const limits = { mostFailures: 3, firstPauseMs: 100, longestPauseMs: 300 };
let now = 0;
const start = (): Circuit => {
  now = 0;
  return circuit(limits, () => now);
};
const fail = (one: Circuit, times: number): void => {
  for (let i = 0; i < times; i += 1) {
    expect(one.pass()).toBe(true);
    one.failed();
  }
};

test('opens after failures in a row alone', () => {
  const one = start();
  fail(one, 2);
  one.answered();
  fail(one, 2);
  expect(one.pass()).toBe(true);
  one.failed();
  expect([one.pass(), one.waitMs]).toEqual([false, 100]);
});

test('lets one request find out whether the instance is back, and closes with its answer', () => {
  const one = start();
  fail(one, 3);
  now = 100;
  expect([one.pass(), one.pass()]).toEqual([true, false]);
  one.answered();
  expect([one.pass(), one.pass(), one.waitMs]).toEqual([true, true, 0]);
});

test('waits longer after each attempt that fails, up to a limit', () => {
  const one = start();
  fail(one, 3);
  for (const pauseMs of [200, 300, 300]) {
    now += one.waitMs;
    fail(one, 1);
    expect(one.waitMs).toBe(pauseMs);
  }
  now += 300;
  expect(one.pass()).toBe(true);
  one.answered();
  fail(one, 3);
  expect(one.waitMs).toBe(100);
});

test('requests that were under way when it opened do not lengthen its pause', () => {
  const one = start();
  for (let i = 0; i < 10; i += 1) one.pass();
  for (let i = 0; i < 10; i += 1) one.failed();
  expect(one.waitMs).toBe(100);
});

test('an attempt whose client leaves is made again by the next one', () => {
  const one = start();
  fail(one, 3);
  now = 100;
  expect(one.pass()).toBe(true);
  one.untold();
  expect(one.pass()).toBe(true);
});
