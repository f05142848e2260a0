import { readdirSync, readFileSync } from 'node:fs';

/** What processes use, as Linux tells it; nothing where there is no /proc. */

/** Clock ticks a second: 100 on every Linux that Node runs on (USER_HZ, proc(5)). */
const ticksPerSecond = 100;

/** Processor time that a process has used, ms; null when it is gone or cannot be looked at. */
export const cpuMs = (pid: number): number | null => {
  const text = readProc(pid, 'stat');
  if (text === null) return null;
  // The second field, the name in parentheses, may hold blanks; user and system time are the 14th and 15th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
};

/** The processes that this one has started, and theirs: Postgres has one for each connection. */
export const descendants = (pid: number): number[] => {
  const children = parents().get(pid) ?? [];
  return [...children, ...children.flatMap(descendants)];
};

const parents = (): Map<number, number[]> => {
  const children = new Map<number, number[]>();
  for (const name of readableProc()) {
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(readProc(Number(name), 'status') ?? '')?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
};

const readableProc = (): string[] => {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

const readProc = (pid: number, file: string): string | null => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
};

/** Named processes; a name can stand for several. */
export type Pids = Readonly<Record<string, readonly number[]>>;

/** Resident memory of a group of processes in bytes; pages that they share count once. Null where there is no /proc. */
export const groupResidentBytes = (pids: readonly number[]): number | null => {
  const all = pids.map((pid) => readProc(pid, 'status')).filter((text) => text !== null);
  if (all.length === 0) return null;
  const field = (name: string): number[] =>
    all.map((text) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1_024);
  const own = field('RssAnon').reduce((sum, bytes) => sum + bytes, 0);
  return own + Math.max(...field('RssShmem')) + Math.max(...field('RssFile'));
};

const groupCpuMs = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0);

/** Runs the work and tells how much processor time each process used meanwhile, ms; those that used none are left out. */
export const withCpu = async <T>(
  pids: () => Pids,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly cpuMs: Readonly<Record<string, number>> }> => {
  const before = new Map(Object.entries(pids()).map(([name, group]) => [name, groupCpuMs(group)]));
  const value = await work();
  const used = Object.entries(pids()).map(
    ([name, group]) => [name, groupCpuMs(group) - (before.get(name) ?? 0)] as const,
  );
  return { value, cpuMs: Object.fromEntries(used.filter(([, ms]) => ms > 0)) };
};

/** Processor time of each process for a thousand requests: where the time goes, also when others use the machine. */
export const cpuDetails = (
  runs: readonly { readonly requests: number; readonly cpuMs: Readonly<Record<string, number>> }[],
): Record<string, number> => {
  const requests = runs.reduce((sum, run) => sum + run.requests, 0);
  const totals: Record<string, number> = {};
  for (const run of runs) for (const [name, ms] of Object.entries(run.cpuMs)) totals[name] = (totals[name] ?? 0) + ms;
  return Object.fromEntries(
    Object.entries(totals).map(([name, ms]) => [`cpu ms per 1,000: ${name}`, Math.round((ms / requests) * 1_000)]),
  );
};
