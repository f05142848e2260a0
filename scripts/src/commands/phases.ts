import type { Progress } from '@palaver/projector';
import { describeError } from '../command.ts';
import { createBoard, progressLine } from '../progress.ts';

export type PhaseProgress = Progress<string>;

/**
 * What is told of folds that run side by side, each of which goes through phases. On a terminal each has a line that is redrawn in its
 * place; elsewhere each phase has a line, and another one every few seconds; `--json` gives a line of JSON where people get one.
 */
export type Report = {
  progress(name: string, progress: PhaseProgress): void;
  /** What came of one: `value` for `--json`, `lines` for people. */
  result(name: string, value: object, lines: readonly string[]): void;
  failed(name: string, error: unknown): void;
  end(): void;
};

export type ReportOptions = { readonly json: boolean; readonly out?: NodeJS.WriteStream };

export const createReport = ({ json, out = process.stdout }: ReportOptions): Report => {
  if (json) return jsonReport(out);
  return out.isTTY ? terminalReport(out) : plainReport(out);
};

const plainEveryMs = 5_000;
const jsonEveryMs = 1_000;

const jsonReport = (out: NodeJS.WriteStream): Report => {
  const write = (name: string, value: object): void =>
    void out.write(`${JSON.stringify({ projection: name, ...value })}\n`);
  return {
    progress: everySoOften(jsonEveryMs, write),
    result: (name, value) => write(name, { result: value }),
    failed: (name, error) => write(name, { error: describeError(error) }),
    end: () => undefined,
  };
};

const plainReport = (out: NodeJS.WriteStream): Report => {
  const write = (lines: readonly string[]): void => void out.write(lines.map((line) => `${line}\n`).join(''));
  return {
    progress: everySoOften(plainEveryMs, (name, progress) => write([`${name}: ${phaseText(progress)}`])),
    result: (_name, _value, lines) => write(lines),
    failed: (name, error) => write([`${name}: failed: ${describeError(error)}`]),
    end: () => undefined,
  };
};

const nameWidth = 10;

const terminalReport = (out: NodeJS.WriteStream): Report => {
  const board = createBoard(out);
  const line = (name: string, text: string): string => `${name.padEnd(nameWidth)}${text}`;
  return {
    progress: (name, progress) => board.set(name, line(name, phaseText(progress, { bar: true }))),
    result(name, _value, lines) {
      board.set(name, line(name, 'done'));
      board.say(lines);
    },
    failed(name, error) {
      board.set(name, line(name, 'failed'));
      board.say([`${name}: failed: ${describeError(error)}`]);
    },
    end: () => board.end(),
  };
};

/** Lets a phase's first progress through, and then one in a while. */
const everySoOften = (
  everyMs: number,
  show: (name: string, progress: PhaseProgress) => void,
): ((name: string, progress: PhaseProgress) => void) => {
  const shown = new Map<string, { readonly phase: string; readonly atMs: number }>();
  return (name, progress) => {
    const last = shown.get(name);
    const { phase } = progress;
    if (phase === 'done' || (last?.phase === phase && performance.now() - last.atMs < everyMs)) return;
    shown.set(name, { phase, atMs: performance.now() });
    show(name, progress);
  };
};

const phaseWidth = 9;

/** Phases in which events are folded say how far they are, the others only that they are under way. */
export const phaseText = ({ phase, events, total, ratePerSecond }: PhaseProgress, { bar = false } = {}): string => {
  if (phase !== 'fold' && phase !== 'catch up') return phase;
  const line = progressLine({ done: events, total, ratePerSecond, unit: 'events', note: '', bar });
  return `${phase.padEnd(phaseWidth)} ${line}`;
};
