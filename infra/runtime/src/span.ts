/**
 * What a process did for a request, as spans of OpenTelemetry that hang together over all processes by a `traceparent` (W3C Trace Context).
 * Parents are handed on by hand, in the few places where a request goes in or out: nothing is patched, and no context follows every promise.
 */
export type Traces = {
  /** Begins a span. Whether it is recorded the sampler decides, by that of its parent as a rule. */
  begin(name: string, options?: SpanOptions): Span;
  /** The time of spans, ms since the epoch, finer than `Date.now()`. */
  nowMs(): number;
  /** Hands on what has not been yet. */
  close(): Promise<void>;
};

export type SpanOptions = {
  /** The `traceparent` of the span that it happens because of, here or elsewhere; without, it begins a trace. */
  readonly parent?: string | undefined;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: SpanAttributes;
  /** When it began, if not now. */
  readonly startMs?: number;
};

/** Names are those of OpenTelemetry's semantic conventions where there is one, else they begin with `palaver.`. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export type Span = {
  /** For what happens because of it. */
  readonly traceparent: string;
  end(result?: SpanEnd): void;
};

export type SpanEnd = {
  /** In the place of the name that it began with. */
  readonly name?: string;
  readonly attributes?: SpanAttributes;
  /** Why it failed, if it did. */
  readonly error?: string | undefined;
};

/** The attribute by which a request is found; `palaver trace` looks for it. */
export const REQUEST_ID = 'palaver.request_id';

/**
 * Whether what happens because of this span is recorded: the lowest bit of the flags at its end. Cheap, so that what passes by the thousands can
 * ask for each.
 */
export const isSampled = (traceparent: string | undefined): traceparent is string =>
  traceparent !== undefined && oddDigits.includes(traceparent.at(-1) ?? ' ');

const oddDigits = '13579bdf';

/** Does something in a span below a recorded one, and gives it the span's `traceparent`; with that of the parent where none is recorded. */
export const inSpan = async <T>(
  traces: Traces | undefined,
  { name, parent, ...options }: SpanOptions & { readonly name: string; readonly parent: string | undefined },
  work: (traceparent: string | undefined) => Promise<T>,
): Promise<T> => {
  if (!traces || !isSampled(parent)) return work(parent);
  const span = traces.begin(name, { parent, ...options });
  try {
    const result = await work(span.traceparent);
    span.end();
    return result;
  } catch (error) {
    span.end({ error: String(error) });
    throw error;
  }
};

/** A finished span as it lies in the file that `PALAVER_TRACE_FILE` names: a line of JSON. Times in ms, the start since the epoch. */
export type SpanLine = {
  readonly traceId: string;
  readonly spanId: string;
  /** Null of a span that began a trace; where it is known to no file, the span came from outside. */
  readonly parentId: string | null;
  readonly process: string;
  readonly instance: string;
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** Why it failed; null when it did not. */
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
};
