import { type Codec, type Message, UndecodableRecord } from '@palaver/event-log';
import { accept, commandRule, type Decider, defineDecider, event, refuse, streamKind } from '../decider.ts';

/**
 * A small service for tests: accounts that are opened, fed, drained and closed, transfers between two, and a statement that
 * numbers every movement of all of them without a gap.
 */
export type BankCommand =
  | { type: 'Open'; data: { account: string } }
  | { type: 'Deposit'; data: { account: string; amount: number } }
  | { type: 'Withdraw'; data: { account: string; amount: number } }
  | { type: 'Transfer'; data: { from: string; to: string; amount: number } }
  | { type: 'Close'; data: { account: string } };

export type BankEvent =
  | { type: 'Opened'; data: { account: string; by: string } }
  | { type: 'Moved'; data: { account: string; amount: number; number: number } }
  | { type: 'Closed'; data: { account: string; number: number } };

export type Account = { readonly status: 'none' | 'open' | 'closed'; readonly balance: number };

const account = streamKind<Account, BankEvent>({
  kind: 'account',
  initial: { status: 'none', balance: 0 },
  evolve: {
    Opened: () => ({ status: 'open', balance: 0 }),
    Moved: (state, { amount }) => ({ ...state, balance: state.balance + amount }),
    // What is erased with the account must not outlive it here.
    Closed: () => ({ status: 'closed', balance: 0 }),
  },
});

const statement = streamKind<{ readonly last: number }, BankEvent>({
  kind: 'statement',
  initial: { last: 0 },
  evolve: {
    Opened: (state) => state,
    Moved: (state, { number }) => ({ last: Math.max(state.last, number) }),
    Closed: (state, { number }) => ({ last: Math.max(state.last, number) }),
  },
});

const bankStatement = statement.of('bank');

const notOpen = refuse('not_open', 'The account is not open.');
const tooLittle = refuse('too_little', 'The account holds too little.');

const moved = (of: string, amount: number, number: number) =>
  event<Account, BankEvent>(account.of(of), { type: 'Moved', data: { account: of, amount, number } });

/** `fee`: a version of the service that decides differently, as during a rolling deploy: it takes 1 for each withdrawal. */
export const bankDecider = ({ fee = 0, version = 1 } = {}): Decider<BankCommand, BankEvent> =>
  defineDecider<BankCommand, BankEvent>({
    name: 'bank',
    version,
    kinds: [account, statement],
    touches: ({ type }) => (type === 'Opened' ? [] : [bankStatement]),
    ends: ({ type }) => type === 'Closed',
    rules: {
      Open: commandRule<{ account: string }, BankEvent>()({
        root: () => 'bank',
        reads: (data) => ({ account: account.of(data.account) }),
        decide: (states, data, { actor }) => {
          if (states.account.status === 'closed') return notOpen;
          if (states.account.status === 'open') return accept([], { opened: false });
          const opened = event<Account, BankEvent>(account.of(data.account), {
            type: 'Opened',
            data: { ...data, by: actor },
          });
          return accept([opened], { opened: true });
        },
      }),
      Deposit: commandRule<{ account: string; amount: number }, BankEvent>()({
        root: () => 'bank',
        reads: (data) => ({ account: account.of(data.account), statement: bankStatement }),
        decide: (states, data) => {
          if (states.account.status !== 'open') return notOpen;
          const number = states.statement.last + 1;
          return accept([moved(data.account, data.amount, number)], { number });
        },
      }),
      Withdraw: commandRule<{ account: string; amount: number }, BankEvent>()({
        root: () => 'bank',
        reads: (data) => ({ account: account.of(data.account), statement: bankStatement }),
        decide: (states, data) => {
          if (states.account.status !== 'open') return notOpen;
          if (states.account.balance < data.amount + fee) return tooLittle;
          const number = states.statement.last + 1;
          const taken = moved(data.account, -data.amount, number);
          const events = fee === 0 ? [taken] : [taken, moved(data.account, -fee, number + 1)];
          return accept(events, { number, left: states.account.balance - data.amount - fee });
        },
      }),
      Transfer: commandRule<{ from: string; to: string; amount: number }, BankEvent>()({
        root: () => 'bank',
        // The statement is touched but not read: the runtime has to find it out.
        reads: (data) => ({ from: account.of(data.from), to: account.of(data.to) }),
        decide: ({ from, to }, data) => {
          if (from.status !== 'open' || to.status !== 'open' || data.from === data.to) return notOpen;
          if (from.balance < data.amount) return tooLittle;
          return accept([moved(data.from, -data.amount, 0), moved(data.to, data.amount, 0)], { moved: data.amount });
        },
      }),
      Close: commandRule<{ account: string }, BankEvent>()({
        root: () => 'bank',
        reads: (data) => ({ account: account.of(data.account), statement: bankStatement }),
        decide: (states, data) => {
          if (states.account.status !== 'open') return notOpen;
          const number = states.statement.last + 1;
          const closed = event<Account, BankEvent>(account.of(data.account), {
            type: 'Closed',
            data: { account: data.account, number },
          });
          return accept([closed], { closed: true });
        },
      }),
    },
  });

/** Messages as JSON text: what a codec has to do, without a registry. */
export const jsonCodec = <M extends Message>(): Codec<M> => ({
  encode: (_topic, message) => Buffer.from(JSON.stringify({ type: message.type, data: message.data })),
  decode: (value) => {
    try {
      return JSON.parse(Buffer.from(value).toString()) as M;
    } catch (cause) {
      throw new UndecodableRecord('no JSON', { cause });
    }
  },
  prepare: async () => {},
});
