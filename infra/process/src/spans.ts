import type { CommandClient, DecidedBatch } from '@palaver/decider';
import { type EventLog, eventHeaders, type Headers, type NewRecord } from '@palaver/event-log';
import { type CommittedBatch, formatPosition, serviceOfTopic } from '@palaver/projector';
import { inSpan, isSampled, type Traces } from '@palaver/runtime';

/**
 * The spans of what happens to many commands and events at once. Each is one of its own below its command's, and not one of the batch with links to
 * the commands: so a request's tree holds all that was done for it, and what is not recorded costs a look at a header.
 */

/** Of one batch, so that a projection which catches up does not make spans that nobody would take in time. */
const MOST_SPANS = 256;

/** The records of each recorded `traceparent` among these; almost always there are none. */
const bySpan = <R extends { readonly headers: Headers }>(records: readonly R[]): ReadonlyMap<string, readonly R[]> => {
  const found = new Map<string, R[]>();
  for (const record of records) {
    const parent = record.headers[eventHeaders.traceparent];
    if (!isSampled(parent)) continue;
    const others = found.get(parent);
    if (others) others.push(record);
    else if (found.size < MOST_SPANS) found.set(parent, [record]);
  }
  return found;
};

/** As OpenTelemetry names a place on Kafka. */
const placeAttributes = (topic: string, partition: number) => ({
  'messaging.system': 'kafka',
  'messaging.destination.name': topic,
  'messaging.destination.partition.id': String(partition),
});

/** The log, with a span of each append of what belongs to a recorded trace. */
export const traceAppends = (log: EventLog, traces: Traces | undefined): EventLog => {
  if (!traces) return log;
  return {
    ...log,
    appender: () => {
      const appender = log.appender();
      return { ...appender, append: (...append) => tracedAppend(traces, append, appender.append) };
    },
  };
};

type Append = ReturnType<EventLog['appender']>['append'];

const tracedAppend = async (
  traces: Traces,
  [topic, partition, records]: Parameters<Append>,
  append: Append,
): ReturnType<Append> => {
  const begun = [...bySpan<NewRecord>(records)].map(([parent, [first]]) => {
    const attributes = placeAttributes(topic, partition);
    return { first: first!, span: traces.begin(`append to ${topic}`, { kind: 'producer', parent, attributes }) };
  });
  try {
    const appended = await append(topic, partition, records);
    for (const { first, span } of begun) {
      span.end({ attributes: { 'messaging.kafka.offset': appended.baseOffset + records.indexOf(first) } });
    }
    return appended;
  } catch (error) {
    for (const { span } of begun) span.end({ error: String(error) });
    throw error;
  }
};

/** The client, with a span of each command from when it is given until its reply. What follows from the command lies below it. */
export const traceCommands = (commands: CommandClient, traces: Traces | undefined): CommandClient => {
  if (!traces) return commands;
  return {
    ...commands,
    submit: (command, options) => {
      const span = { name: `submit ${command.type}`, parent: command.traceparent, kind: 'producer' } as const;
      return inSpan(traces, span, (traceparent) => commands.submit({ ...command, traceparent }, options));
    },
  };
};

/** A span of each command: from when its batch was taken in hand until its events were on the log and it was answered. */
export const traceDecisions = (traces: Traces, { decided, durationMs }: DecidedBatch): void => {
  const startMs = traces.nowMs() - durationMs;
  let spans = 0;
  for (const { command, type, seen, outcome, position } of decided) {
    const parent = command.headers[eventHeaders.traceparent];
    if (!isSampled(parent)) continue;
    if (++spans > MOST_SPANS) return;
    const service = serviceOfTopic(command.topic);
    const attributes = {
      ...placeAttributes(command.topic, command.partition),
      'messaging.kafka.offset': command.offset,
      'palaver.outcome': outcome.kind === 'refused' ? outcome.code : seen,
      'palaver.position': formatPosition({ service, ...position }),
    };
    traces.begin(`decide ${type ?? 'unknown'}`, { kind: 'consumer', parent, startMs, attributes }).end();
  }
};

/** A span of each command whose events were in the batch: from when its fold began until its rows and checkpoint were committed. */
export const traceCommits = (traces: Traces, { topic, partition, records, durationMs }: CommittedBatch): void => {
  const startMs = traces.nowMs() - durationMs;
  for (const [parent, own] of bySpan(records)) {
    const events = own.filter(({ value }) => value !== null);
    if (events.length === 0) continue;
    const offset = events.at(-1)!.offset;
    const attributes = {
      ...placeAttributes(topic, partition),
      'messaging.kafka.offset': offset,
      'palaver.events': events.length,
      'palaver.batch_records': records.length,
      'palaver.position': formatPosition({ service: serviceOfTopic(topic), partition, offset: offset + 1 }),
    };
    traces.begin(`commit ${topic}`, { kind: 'consumer', parent, startMs, attributes }).end();
  }
};
