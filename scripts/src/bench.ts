import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { LocalError } from '@palaver/local';
import { type Arena, openArena } from './bench/arena.ts';
import { benchCodec } from './bench/codec.ts';
import { type Figure, figuresTable, isCorrect, isMet } from './bench/figures.ts';
import { benchHistory } from './bench/history.ts';
import { benchHttp } from './bench/http.ts';
import { benchLag } from './bench/lag.ts';
import { type BenchOptions, type PartName, parseOptions } from './bench/options.ts';
import { benchProcessor } from './bench/processor.ts';
import { benchReplay } from './bench/replay.ts';
import { benchServers } from './bench/servers.ts';
import { settingsAt } from './house/settings.ts';

/** Measures Palaver on a local stack of its own, each figure beside what the machine could have done in the same run. */

const firstPort = 22_200;

type ArenaPart = Exclude<PartName, 'codec'>;

const parts: Readonly<Record<ArenaPart, (arena: Arena, options: BenchOptions) => Promise<Figure[]>>> = {
  processor: benchProcessor,
  http: benchHttp,
  replay: benchReplay,
  lag: benchLag,
  servers: benchServers,
  history: benchHistory,
};

/** The codec needs no stack, and none beside it. */
const run = async (options: BenchOptions, signal: AbortSignal): Promise<Figure[]> => {
  const inArena = options.parts.filter((part) => part !== 'codec');
  const alone = options.parts.includes('codec') ? benchCodec(options) : [];
  return inArena.length === 0 ? alone : [...(await runInArena(inArena, options, signal)), ...alone];
};

const runInArena = async (
  names: readonly ArenaPart[],
  options: BenchOptions,
  signal: AbortSignal,
): Promise<Figure[]> => {
  const say = (line: string): void => console.error(`  ${line}`);
  const settings = settingsAt(firstPort + options.portOffset, '.palaver-bench');
  const arena = await openArena({ settings, say, signal, profileDir: options.profileDir ?? undefined });
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const measure = async (): Promise<Figure[]> => {
    const figures: Figure[] = [];
    for (const part of names) figures.push(...(await parts[part](arena, options)));
    return figures;
  };
  try {
    return await Promise.race([measure(), ended]);
  } finally {
    await arena.close();
  }
};

const report = (figures: readonly Figure[]): object => ({
  at: new Date().toISOString(),
  node: process.version,
  cores: cpus().length,
  figures: figures.map((figure) => ({ ...figure, correct: isCorrect(figure), met: isMet(figure) })),
});

const main = async (): Promise<number> => {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => ending.abort(new LocalError(`ended by ${signal}`)));
  const options = parseOptions(process.argv.slice(2));
  const figures = await run(options, ending.signal);
  console.log(figuresTable(figures));
  if (options.json !== null) await writeFile(resolve(options.json), `${JSON.stringify(report(figures), null, 2)}\n`);
  return figures.every(isCorrect) ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof LocalError ? error.message : error);
  process.exitCode = 1;
}
