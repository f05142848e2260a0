import type { Check } from '@palaver/http';

/** Without a sign of the consumer group for this long a process is not ready, ms. */
const SILENT_AFTER_MS = 15_000;

/** Whether a member of a consumer group goes on. `lastProgressMs`: ms since the epoch. */
export const logCheck = (
  { held, lastProgressMs }: { readonly held: readonly number[]; readonly lastProgressMs: number },
  name = 'log',
): Check => {
  const silentMs = Date.now() - lastProgressMs;
  const ok = silentMs < SILENT_AFTER_MS;
  return { name, ok, detail: ok ? `holds partitions ${held.join(', ')}` : `silent for ${silentMs} ms` };
};
