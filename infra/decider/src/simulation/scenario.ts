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
  // Two owners at once is where most can go wrong, and most when they decide differently.
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('overtake' as const), process: fc.constantFrom(0, 1, 2, 2) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pause' as const), process }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hand' as const), process, tellOld: fc.boolean() }) },
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

// Most scenarios begin with money to move, or most commands would only be refused.
const opening: readonly Request[] = [
  { kind: 'new', command: { type: 'Open', data: { account: 'a' } } },
  { kind: 'new', command: { type: 'Deposit', data: { account: 'a', amount: 4 } } },
  { kind: 'new', command: { type: 'Open', data: { account: 'b' } } },
];

const requests = fc
  .tuple(fc.constantFrom(3, 3, 2, 0), fc.array(request, { minLength: 2, maxLength: 12 }))
  .map(([opened, more]) => [...opening.slice(0, opened), ...more]);

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  requests,
  faults: fc.array(fault, { maxLength: 12 }),
  rolling: fc.boolean(),
  badAppends: fc.constantFrom(0, 10, 30),
});
