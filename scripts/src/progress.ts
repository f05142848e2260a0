import type { WriteStream } from 'node:tty';
import { fitWidth } from './table.ts';

/** What is told to the person in front: steps as they are done, and single lines. */
export type Console = {
  line(text: string): void;
  /** Runs a step and says how long it took. `note` adds a line about the step that is under way. */
  step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
};

/** On a terminal the step under way is shown and replaced when done; elsewhere there is one line a step. */
export const createConsole = (out: WriteStream | NodeJS.WriteStream = process.stdout): Console => {
  const terminal = out.isTTY === true;
  const line = (text: string): void => void out.write(terminal ? `\r\x1b[K${text}\n` : `${text}\n`);
  return {
    line,
    async step(name, work) {
      const startedMs = performance.now();
      const show = (): void => {
        if (terminal) out.write(`\r\x1b[K… ${name}`);
      };
      show();
      try {
        const value = await work((text) => {
          line(`  ${text}`);
          show();
        });
        line(`✓ ${name} (${formatSeconds(performance.now() - startedMs)})`);
        return value;
      } catch (error) {
        line(`✗ ${name}`);
        throw error;
      }
    },
  };
};

/** How far a long work is, with its rate and the time left. */
export type Progress = {
  /** `done` of the total are done; `note` says what else is worth knowing. */
  update(done: number, note?: string): void;
  /** A line of its own, above the bar. */
  say(text: string): void;
  end(): void;
};

const terminalEveryMs = 100;
const plainEveryMs = 5_000;
const barWidth = 24;

export type ProgressOptions = {
  readonly unit: string;
  readonly total: number;
  /** What was done before this run; it does not count for the rate. */
  readonly already?: number;
  readonly out?: WriteStream | NodeJS.WriteStream;
};

/** A bar that is redrawn on a terminal, and a line every few seconds elsewhere. */
export const createProgress = ({ unit, total, already = 0, out = process.stdout }: ProgressOptions): Progress => {
  const terminal = out.isTTY === true;
  const startedMs = performance.now();
  let shownMs = startedMs;
  let latest = { done: already, note: '' };
  const show = (): void => {
    shownMs = performance.now();
    const text = progressText({ ...latest, unit, total, already, elapsedMs: shownMs - startedMs, bar: terminal });
    out.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  };
  return {
    update(done, note = '') {
      latest = { done, note };
      if (performance.now() - shownMs >= (terminal ? terminalEveryMs : plainEveryMs)) show();
    },
    say: (text) => void out.write(terminal ? `\r\x1b[K${text}\n` : `${text}\n`),
    end() {
      show();
      if (terminal) out.write('\n');
    },
  };
};

/** Lines that stay in their places and are redrawn there, for a terminal. */
export type Board = {
  set(key: string, line: string): void;
  /** Lines above the others, that stay. */
  say(lines: readonly string[]): void;
  end(): void;
};

export const createBoard = (out: WriteStream | NodeJS.WriteStream): Board => {
  const lines = new Map<string, string>();
  let drawn = 0;
  let drawnMs = 0;
  const draw = (above: readonly string[] = []): void => {
    const all = [...above, ...[...lines.values()].map((line) => fitWidth(line, out))];
    out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}\r\x1b[J${all.map((line) => `${line}\n`).join('')}`);
    drawn = lines.size;
    drawnMs = performance.now();
  };
  return {
    set(key, line) {
      lines.set(key, line);
      if (performance.now() - drawnMs >= terminalEveryMs) draw();
    },
    say: draw,
    end: () => draw(),
  };
};

type ProgressState = {
  readonly done: number;
  readonly total: number;
  readonly already: number;
  readonly unit: string;
  readonly note: string;
  readonly elapsedMs: number;
  readonly bar: boolean;
};

const barOf = (part: number): string => {
  const filled = Math.round(Math.min(part, 1) * barWidth);
  return `[${'█'.repeat(filled)}${' '.repeat(barWidth - filled)}]`;
};

export const progressText = ({ already, elapsedMs, ...state }: ProgressState): string =>
  progressLine({ ...state, ratePerSecond: ((state.done - already) * 1_000) / Math.max(elapsedMs, 1) });

type ProgressLine = Omit<ProgressState, 'already' | 'elapsedMs'> & { readonly ratePerSecond: number };

export const progressLine = ({ done, total, unit, note, bar, ratePerSecond }: ProgressLine): string => {
  const part = total === 0 ? 1 : Math.min(done / total, 1);
  const secondsLeft = done < total && ratePerSecond > 0 ? (total - done) / ratePerSecond : null;
  return [
    ...(bar ? [barOf(part)] : []),
    `${Math.floor(part * 100)} %`,
    `${formatCount(done)} of ${formatCount(total)} ${unit}`,
    `${formatCount(Math.round(ratePerSecond))}/s`,
    ...(secondsLeft === null ? [] : [`${formatSeconds(secondsLeft * 1_000)} left`]),
    ...(note ? [note] : []),
  ].join('  ');
};

export const formatCount = (count: number): string => count.toLocaleString('en-US');

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export const formatSeconds = (ms: number): string => {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
};
