import fc from 'fast-check';
import { expect, test } from 'vitest';
import { madeMs, newId } from './ids.ts';
import { KeptState } from './kept-state.ts';
import { memoryStateStore, type StateStore } from './state-store.ts';

const claim = { partition: 0, epoch: 'e' };
const limits = { maxInMemory: 4, maxUnkept: 100 };

const counted = (store: StateStore): StateStore & { readonly asked: string[] } => {
  const asked: string[] = [];
  return {
    ...store,
    asked,
    streams: (of, names) => {
      asked.push(...names);
      return store.streams(of, names);
    },
  };
};

const openState = async (store: StateStore): Promise<KeptState> => {
  const claimed = await store.claim(claim, { version: 1, warm: limits.maxInMemory });
  return new KeptState({ claim, store, claimed, limits });
};

const read = async (state: KeptState, name: string): Promise<number> =>
  (await state.load(new Set([name]), [])).stream(name, null).version;

const write = async (state: KeptState, name: string, version: number): Promise<void> => {
  const work = await state.load(new Set([name]), []);
  work.evolve(name, { state: null, version });
  state.change(work);
};

const keep = (state: KeptState): Promise<void> => state.keep({ offset: 1, taken: null });

const idAt = (ms: number): string => {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${hex}`;
};

test('a UUIDv7 at the end of a name tells when it was made; nothing else does', () => {
  const before = Date.now();
  expect(madeMs(`message:${newId()}`)).toBeGreaterThanOrEqual(before);
  expect(madeMs(idAt(1_795_000_000_000))).toBe(1_795_000_000_000);
  for (const name of ['email:7', '', `${newId()}:x`, '0198c0de-0000-8000-8000-000000000000'])
    expect(madeMs(name)).toBeNull();
});

test('what is younger than all that was forgotten is new, and is not looked up', async () => {
  const store = counted(memoryStateStore());
  let state = await openState(store);
  for (let ms = 1; ms <= 10; ms += 1) await write(state, `message:${idAt(ms)}`, 1);
  await keep(state);
  expect(await read(state, `message:${idAt(11)}`)).toBe(0);
  expect(store.asked).toEqual([]);
  expect(await read(state, `message:${idAt(1)}`)).toBe(1);
  expect(store.asked).toEqual([`message:${idAt(1)}`]);
  state = await openState(store);
  expect(await read(state, `message:${idAt(11)}`)).toBe(0);
  expect(await read(state, `message:${idAt(2)}`)).toBe(1);
  expect(store.asked.slice(1)).toEqual([`message:${idAt(2)}`]);
});

test('a state that forgets reads what was written last, whatever is written, kept and begun anew', async () => {
  const name = fc.integer({ min: 1, max: 20 }).map((ms) => (ms % 3 === 0 ? `email:${ms}` : `message:${idAt(ms)}`));
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), name }),
    fc.record({ kind: fc.constantFrom('keep' as const, 'begin' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 100 }), name, async (steps, asked) => {
      const store = memoryStateStore();
      let state = await openState(store);
      const versions = new Map<string, number>();
      for (const [index, { kind, ...of }] of steps.entries()) {
        if ('name' in of) {
          expect(await read(state, of.name)).toBe(versions.get(of.name) ?? 0);
          await write(state, of.name, index + 1);
          versions.set(of.name, index + 1);
        } else await keep(state);
        if (kind === 'begin') state = await openState(store);
      }
      expect(await read(state, asked)).toBe(versions.get(asked) ?? 0);
    }),
  );
});
