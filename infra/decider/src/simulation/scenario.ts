import fc from 'fast-check';
import type { BankCommand } from './bank.ts';
import type { Fault, Request, Scenario } from './world.ts';

const account = fc.constantFrom('a', 'b', 'c');
const amount = fc.integer({ min: 1, max: 4 });

// Few accounts and small sums: most decisions hang on the ones before them.
const command: fc.Arbitrary<BankCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('Open' as const), data: fc.record({ account }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('Deposit' as const), data: fc.record({ account, amount }) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('Withdraw' as const), data: fc.record({ account, amount }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('Transfer' as const),
      data: fc.record({ from: account, to: account, amount }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('Close' as const), data: fc.record({ account }) }) },
);

const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('new' as const), command }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retry' as const), again: fc.nat(5), changed: fc.boolean() }),
  },
);

const process = fc.nat(2);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('crash' as const), process }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('hand' as const), process, tellOld: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'rebalance' as const,
        'redeliver' as const,
        'compact' as const,
        'sweep' as const,
        'break store' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lose store' as const, 'weeks pass' as const) }) },
);

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  requests: fc.array(request, { minLength: 2, maxLength: 14 }),
  faults: fc.array(fault, { maxLength: 12 }),
  badAppends: fc.constantFrom(0, 10, 30),
});
