import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type AppOptions,
  challenge,
  defineRoute,
  limit,
  oneLine,
  type ProblemTable,
  Refusal,
  type Route,
  text,
  wholeNumber,
} from '@palaver/http';
import {
  countParked,
  listParked,
  ModelMismatch,
  NotFirstParked,
  type ParkedOptions,
  RebuildRunning,
  retryParked,
  showParked,
  skipParked,
} from '@palaver/projector';
import { z } from 'zod';

/**
 * What an operator does with a worker over its own port, which the gateway does not pass on: looks at parked events, retries and skips
 * them. Without a configured token there are no such routes.
 */
export const adminEdge = (
  token: string | undefined,
  parked: () => ParkedOptions | null,
): Pick<AppOptions, 'routes' | 'verifyToken' | 'problems'> => ({
  routes: token === undefined ? [] : parkedRoutes(() => parked() ?? refuseStarting()),
  verifyToken: (given) => {
    if (token !== undefined && isSameSecret(given, token)) return admin;
    throw new Refusal('token_invalid', 'This is not the token of the admin API.', {
      headers: challenge('invalid_token'),
    });
  },
  problems,
});

const admin = { sub: 'admin', jti: 'admin', exp: Number.POSITIVE_INFINITY };

/** Of hashes, since those are of one length: how long it takes says nothing of either. */
const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const refuseStarting = (): never => {
  throw new Refusal('service_unavailable', 'The worker is starting.', { headers: { 'Retry-After': '2' } });
};

const problems = {
  not_parked: { status: 404, title: 'Nothing of this stream is parked' },
  not_first_parked: { status: 409, title: 'It is not the first parked event of its stream' },
  rebuild_running: { status: 409, title: 'A rebuild or verification is running' },
  model_mismatch: { status: 409, title: 'The read model is of another version' },
} as const satisfies ProblemTable;

const streamParams = z.object({
  topic: text({ min: 1, max: 249 }),
  partition: wholeNumber({ max: 99_999 }),
  stream: text({ min: 1, max: 1_000 }),
});
const listQuery = z.strictObject({ limit: limit() });
const instant = z.iso.datetime();
const firstEvent = { offset: z.number(), type: z.string().nullable(), error: z.string() };
const stream = { topic: z.string(), partition: z.number(), stream: z.string() };

const parkedStream = z.object({ ...stream, events: z.number(), ...firstEvent, since: instant });
const parkedEvent = z.object({
  ...firstEvent,
  parkedAt: instant,
  record: z
    .object({
      key: z.string(),
      at: instant,
      headers: z.record(z.string(), z.string()),
      data: z.unknown(),
      fault: z.string().nullable(),
    })
    .nullable(),
});
const retried = z.object({
  ...stream,
  outcome: z.enum(['drained', 'parked', 'needs rebuild']),
  folded: z.number(),
  dropped: z.number(),
  left: z.number(),
  reason: z.string().nullable(),
});

const parkedRoutes = (parked: () => ParkedOptions): readonly Route[] => {
  const about = { tags: ['parked'], auth: 'bearer', status: 200 } as const;
  const ofStream = '/admin/parked/:topic/:partition/:stream';
  return [
    defineRoute({
      ...about,
      method: 'get',
      path: '/admin/parked',
      operationId: 'listParked',
      summary: 'Streams that stand still, and what each stands still at',
      kind: 'query',
      query: listQuery,
      response: z.object({ events: z.number(), streams: z.number(), items: z.array(parkedStream) }),
      problems: [],
      handler: async ({ query }) => {
        const { pool } = parked();
        const { events, streams } = await countParked(pool);
        const items = await listParked(pool, query);
        return { events, streams, items: items.map((one) => ({ ...one, since: one.since.toISOString() })) };
      },
    }),
    defineRoute({
      ...about,
      method: 'get',
      path: ofStream,
      operationId: 'showParked',
      summary: 'The first parked events of a stream, as the log holds them',
      kind: 'query',
      params: streamParams,
      query: listQuery,
      response: z.object({ items: z.array(parkedEvent) }),
      problems: ['not_parked'],
      handler: async ({ params, query }) => {
        const events = await showParked(parked(), params, query);
        if (events.length === 0) throw notParked(params.stream);
        return {
          items: events.map(({ record, parkedAt, ...event }) => ({
            ...event,
            parkedAt: parkedAt.toISOString(),
            record: record && withInstant(record),
          })),
        };
      },
    }),
    defineRoute({
      ...about,
      method: 'post',
      path: `${ofStream}/retry`,
      operationId: 'retryParked',
      summary: 'Fold the parked events of a stream again',
      kind: 'command',
      params: streamParams,
      response: retried,
      problems: ['not_parked', 'model_mismatch'],
      handler: async ({ params }) => {
        const [result] = await retryParked(parked(), params).catch(refuse);
        return result ?? refuseWith(notParked(params.stream));
      },
    }),
    defineRoute({
      ...about,
      method: 'post',
      path: `${ofStream}/skip`,
      operationId: 'skipParked',
      summary: 'Leave the first parked event of a stream out for good, and retry the rest',
      kind: 'command',
      params: streamParams,
      body: z.strictObject({
        offset: z.int().min(0),
        reason: oneLine({ max: 500 }),
        by: oneLine({ max: 100 }),
      }),
      response: retried,
      problems: ['not_first_parked', 'rebuild_running', 'model_mismatch'],
      handler: ({ params, body: { offset, ...skipping } }) =>
        skipParked(parked(), { ...params, offset }, skipping).catch(refuse),
    }),
  ];
};

const withInstant = <R extends { readonly timestampMs: number }>({ timestampMs, ...record }: R) => ({
  ...record,
  at: new Date(timestampMs).toISOString(),
});

const notParked = (name: string): Refusal => new Refusal('not_parked', `Nothing of ${name} is parked.`);

const refuseWith = (refusal: Refusal): never => {
  throw refusal;
};

const refuse = (error: unknown): never => {
  if (error instanceof NotFirstParked) throw new Refusal('not_first_parked', error.message);
  if (error instanceof RebuildRunning) throw new Refusal('rebuild_running', error.message);
  if (error instanceof ModelMismatch) throw new Refusal('model_mismatch', error.message);
  throw error;
};
