import { type AnyDecider, type AnyProcessManager, topicsOf } from '@palaver/decider';
import type { Projection } from '@palaver/projector';
import { type ServiceName, sessionEnds } from '@palaver/schemas';
import { deletionProcess, emailChangeProcess, noticesProcess, signUpProcess } from '@palaver/service-auth';
import { removalProcess, thumbnailProcess } from '@palaver/service-files';
import { deciders } from '../deciders.ts';
import type { ProcessName } from '../house/processes.ts';
import { models } from '../models.ts';
import type { Sample } from './samples.ts';

/** Everybody who reads the log: what each makes of a record. All of it is pure, so that it can be asked what it reads. */

/** What a handler may know of a record besides its fields. */
export const meta = {
  topic: 'topic',
  partition: 0,
  offset: 1,
  timestampMs: 1,
  headers: { actor: 'actor', reason: 'reason' },
  stream: 'stream',
  version: 1,
  actor: 'actor',
  commandId: 'command',
  index: 0,
} as const;

/** Plain records of a type, for what a handler folds besides the one that it is given. */
export type SamplesOf = (type: string) => readonly Sample[];
// biome-ignore lint/suspicious/noExplicitAny: records of all types; each handler is checked where it is defined
export type Handler = (data: any, samplesOf: SamplesOf) => unknown;

export type Consumer = {
  readonly kind: 'decider' | 'process manager' | 'projection' | 'token check';
  /** `<kind> <name>`, unique. */
  readonly name: string;
  /** Which run it. */
  readonly processes: readonly ProcessName[];
  readonly topics: readonly string[];
  /** By record type: what has none is passed over. */
  readonly handlers: Readonly<Record<string, Handler>>;
};

const mapped = <T>(table: Readonly<Record<string, T>>, handlerOf: (one: T, type: string) => Handler) =>
  Object.fromEntries(Object.entries(table).map(([type, one]) => [type, handlerOf(one, type)]));

type Fold = (data: unknown, known: typeof meta) => unknown;

const projectionConsumer = (name: string, { topics, handlers }: Projection): Consumer => ({
  kind: 'projection',
  name: `projection ${name}`,
  processes: [`${name}-projection` as ProcessName],
  topics,
  handlers: mapped(handlers as Readonly<Record<string, Fold>>, (fold) => (data) => fold(data, meta)),
});

/** Of its commands a decider takes all that they say: what they become, and what the sender is told, depends on states that are not gone through here. */
const deciderConsumer = (decider: AnyDecider): Consumer => {
  const { events, commands } = topicsOf(decider.name);
  const kinds = decider.kinds as unknown as readonly Kind[];
  const types = [...new Set(kinds.flatMap(({ evolve }) => Object.keys(evolve)))];
  const statesOf = stateFinder();
  const evolved = (type: string): Handler => {
    const folded = kinds.filter(({ evolve }) => evolve[type]);
    return (data, samplesOf) => [
      folded.map((kind) => statesOf(kind, samplesOf).map((state) => kind.evolve[type]!(state, data, meta))),
      decider.touches?.({ type, data }).map(({ stream }) => stream),
      decider.ends?.({ type, data }),
    ];
  };
  return {
    kind: 'decider',
    name: `decider ${decider.name}`,
    processes: [decider.name as ProcessName],
    topics: [events, commands],
    handlers: {
      ...Object.fromEntries(types.map((type) => [type, evolved(type)])),
      ...mapped(decider.rules, () => (data) => ({ ...data })),
    },
  };
};

type Evolve = (state: unknown, data: unknown, known: typeof meta) => unknown;
type Kind = { readonly initial: unknown; readonly evolve: Readonly<Record<string, Evolve>> };

/** The states that a kind of stream comes to by up to two events: what a fold reads may depend on what was. */
const stateFinder = () => {
  const found = new WeakMap<SamplesOf, Map<Kind, readonly unknown[]>>();
  return (kind: Kind, samplesOf: SamplesOf): readonly unknown[] => {
    const ofSamples = found.get(samplesOf) ?? new Map<Kind, readonly unknown[]>();
    found.set(samplesOf, ofSamples);
    const known = ofSamples.get(kind);
    if (known) return known;
    const first = after(kind, [kind.initial], samplesOf);
    // The second one as it usually is: all that it may be, after all that the first may have been, would be thousands.
    const second = after(kind, first, (type) => samplesOf(type).slice(0, 1));
    const states = different([kind.initial, ...first, ...second]);
    ofSamples.set(kind, states);
    return states;
  };
};

const different = (states: readonly unknown[]): readonly unknown[] => [
  ...new Map(states.map((state) => [JSON.stringify(state), state])).values(),
];

const after = ({ evolve }: Kind, states: readonly unknown[], samplesOf: SamplesOf): readonly unknown[] => {
  const folds = Object.entries(evolve).flatMap(([type, fold]) => samplesOf(type).map((data) => ({ fold, data })));
  return different(states.flatMap((state) => folds.map(({ fold, data }) => fold(state, data, meta))));
};

const managerConsumer = ({ service, process, manager: { name, commands = {}, tasks = {} } }: Managed): Consumer => {
  const types = [...new Set([...Object.keys(commands), ...Object.keys(tasks)])];
  const handlers = types.map((type): [string, Handler] => [
    type,
    (data) => [commands[type]?.(data, meta), tasks[type]?.(data, meta)],
  ]);
  return {
    kind: 'process manager',
    name: `process manager ${name}`,
    processes: [process],
    topics: [topicsOf(service).events],
    handlers: Object.fromEntries(handlers),
  };
};

/** Each process that takes tokens, for itself. */
const tokenCheck: Consumer = {
  kind: 'token check',
  name: 'token check',
  processes: ['gateway', 'auth', 'servers', 'messages', 'files'],
  topics: [sessionEnds.topic],
  handlers: { SessionEnded: (data) => sessionEnds.endedSession({ type: 'SessionEnded', data }) },
};

type Managed = { readonly service: ServiceName; readonly process: ProcessName; readonly manager: AnyProcessManager };

export const managers: readonly Managed[] = [
  ...[signUpProcess, deletionProcess, emailChangeProcess, noticesProcess].map(
    (manager): Managed => ({ service: 'auth', process: 'auth', manager }),
  ),
  { service: 'files', process: 'files', manager: removalProcess },
  { service: 'files', process: 'files-jobs', manager: thumbnailProcess },
];

export const consumers: readonly Consumer[] = [
  ...Object.values(deciders).map(deciderConsumer),
  ...managers.map(managerConsumer),
  ...Object.entries(models).map(([name, { projection }]) => projectionConsumer(name, projection)),
  tokenCheck,
];
