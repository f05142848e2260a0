import { createProgress, type Progress } from '../progress.ts';

type PhaseState = { readonly phase: string; readonly events: number; readonly total: number };

/** Shows a fold that goes through phases: those in which events are folded have a bar, the others a line. */
export const phaseProgress = (name: string): { update(state: PhaseState): void; end(): void } => {
  let phase = '';
  let bar: Progress | undefined;
  const end = (): void => {
    bar?.end();
    bar = undefined;
  };
  return {
    update(state) {
      if (state.phase !== phase) {
        end();
        phase = state.phase;
        if (phase === 'done') return;
        console.log(`${name}: ${phase}`);
        if (phase === 'fold' || phase === 'catch up') {
          bar = createProgress({ unit: 'events', total: state.total, already: state.events });
        }
      }
      bar?.update(state.events);
    },
    end,
  };
};
