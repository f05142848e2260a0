import type { TraceConfig } from './config.ts';
import type { Scope } from './lifecycle.ts';
import type { Traces } from './span.ts';

/**
 * Opens a process's traces, which end with it; undefined when nobody is to get them, and then nothing of OpenTelemetry is loaded: it would take
 * 0.2 s and some 15 MB.
 */
export const openTraces = async (
  scope: Pick<Scope, 'logger' | 'onStop'>,
  options: { readonly name: string; readonly instance: string; readonly config: TraceConfig },
): Promise<Traces | undefined> => {
  const { traceEndpoint, traceFile } = options.config;
  if (traceEndpoint === undefined && traceFile === undefined) return undefined;
  const { startTracer } = await import('./tracer.ts');
  const traces = await startTracer({ ...options, logger: scope.logger });
  scope.onStop('traces', () => traces.close());
  return traces;
};
