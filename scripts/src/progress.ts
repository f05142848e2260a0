import type { WriteStream } from 'node:tty';

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

type ProgressState = {
  readonly done: number;
  readonly total: number;
  readonly already: number;
  readonly unit: string;
  readonly note: string;
  readonly elapsedMs: number;
  readonly bar: boolean;
};

export const progressText = ({ done, total, already, unit, note, elapsedMs, bar }: ProgressState): string => {
  const rate = ((done - already) * 1_000) / Math.max(elapsedMs, 1);
  const part = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(part * barWidth);
  return [
    ...(bar ? [`[${'█'.repeat(filled)}${' '.repeat(barWidth - filled)}]`] : []),
    `${Math.floor(part * 100)} %`,
    `${formatCount(done)} of ${formatCount(total)} ${unit}`,
    `${formatCount(Math.round(rate))}/s`,
    ...(done < total && rate > 0 ? [`${formatSeconds(((total - done) / rate) * 1_000)} left`] : []),
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
