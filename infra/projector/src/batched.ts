/** A query for many keys: one answer for each, in their order. */
export type ManyQuery<Key, Value> = (keys: readonly Key[]) => Promise<readonly Value[]>;

/**
 * Asks one by one what is answered many at once: one query is under way, and what is asked meanwhile goes into the next. A query
 * never answers what was asked after it began, so nobody gets an older answer than with a query of their own.
 */
export const batched = <Key, Value>(
  query: ManyQuery<Key, Value>,
  { most = 500 } = {},
): ((key: Key) => Promise<Value>) => {
  type Asked = {
    readonly key: Key;
    readonly resolve: (value: Value) => void;
    readonly reject: (error: unknown) => void;
  };
  let waiting: Asked[] = [];
  let running = false;

  const run = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const now = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const values = await query(now.map(({ key }) => key));
        for (const [index, { resolve }] of now.entries()) resolve(values[index]!);
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    running = false;
  };

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      // A microtask later, so that what is asked in the same turn shares the query.
      if (!running) {
        running = true;
        queueMicrotask(run);
      }
    });
};
