import { Readable } from 'node:stream';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { CommandTimeout, LogUnavailable } from '@palaver/decider';
import { createLogger, createMetrics } from '@palaver/runtime';
import jsonwebtoken from 'jsonwebtoken';
import { z } from 'zod';
import {
  type AppOptions,
  createApp,
  defineRoute,
  listen,
  pageQuery,
  Refusal,
  type Route,
  reply,
  text,
  tokenVerifier,
  uuid,
  wholeNumber,
} from './index.ts';

/** What the tests of this folder share: keys and tokens, a small service over real HTTP, and its log lines. */

export const ISSUER = 'palaver-test';
export const AUDIENCE = 'palaver';
export const ACTOR = '01a20b00-0000-7000-8000-000000000001';
export const CHANNEL = '01a20b00-0000-7000-8000-00000000000c';

const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const jwks = { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' }] };

export const signToken = (options: jsonwebtoken.SignOptions = {}, claims: object = {}): string =>
  jsonwebtoken.sign(claims, own.privateKey, {
    algorithm: 'RS256',
    keyid: 'key-1',
    subject: ACTOR,
    jwtid: 'token-1',
    issuer: ISSUER,
    audience: AUDIENCE,
    expiresIn: 60,
    ...options,
  });

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1_000);
const goodClaims = () => ({ sub: ACTOR, jti: 'token-1', iss: ISSUER, aud: AUDIENCE, iat: now(), exp: now() + 60 });

/** Tokens that must not pass, each made as an attacker would. */
export const forgedTokens: Readonly<Record<string, () => string>> = {
  'unsigned, alg none': () => `${encoded({ alg: 'none', typ: 'JWT', kid: 'key-1' })}.${encoded(goodClaims())}.`,
  'HS256 signed with the public key': () => {
    const pem = own.publicKey.export({ type: 'spki', format: 'pem' });
    const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid: 'key-1' })}.${encoded(goodClaims())}`;
    return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
  },
  'signed by another key under our kid': () =>
    jsonwebtoken.sign(goodClaims(), foreign.privateKey, { algorithm: 'RS256', keyid: 'key-1' }),
  'of an unknown kid': () => signToken({ keyid: 'key-2' }),
  'RS512 by our own key': () => signToken({ algorithm: 'RS512' }),
  'of another issuer': () => signToken({ issuer: 'somebody' }),
  'for another audience': () => signToken({ audience: 'somebody' }),
  'without an expiry': () =>
    jsonwebtoken.sign({ sub: ACTOR, jti: 'x', iss: ISSUER, aud: AUDIENCE }, own.privateKey, {
      algorithm: 'RS256',
      keyid: 'key-1',
    }),
  'with changed claims': () => {
    const [header, , signature] = signToken().split('.');
    return `${header}.${encoded({ ...goodClaims(), sub: 'somebody' })}.${signature}`;
  },
  'no token at all': () => 'abc',
};

const channelParams = z.object({ channelId: uuid() });

/** What `/things/flowing` has answered with. */
export const flowing: Readable[] = [];

export const routes: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/channels/:channelId/messages',
    operationId: 'postMessage',
    summary: 'Post a message',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: channelParams,
    body: z.strictObject({
      content: text({ min: 1, max: 5 }),
      weight: z.number().optional(),
      reply: z.strictObject({ to: z.array(uuid()) }).optional(),
    }),
    response: z.object({ messageId: z.string(), extraId: z.string(), content: z.string() }),
    status: 201,
    problems: ['channel_closed'],
    handler: async ({ params, body, id, submit }) => {
      const messageId = id('message');
      await submit({ type: 'PostMessage', data: { channelId: params.channelId, messageId, content: body.content } });
      return { messageId, extraId: id('extra'), content: body.content };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/channels/:channelId/messages',
    operationId: 'listMessages',
    summary: 'List messages',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'query',
    params: channelParams,
    query: pageQuery(wholeNumber()),
    response: z.object({ limit: z.number(), before: z.number().nullable() }),
    status: 200,
    problems: [],
    handler: ({ query }) => ({ limit: query.limit, before: query.before ?? null }),
  }),
  defineRoute({
    method: 'get',
    path: '/things/:name',
    operationId: 'getThing',
    summary: 'Get a thing',
    tags: ['things'],
    auth: 'none',
    kind: 'query',
    params: z.object({ name: z.string() }),
    response: z.object({ name: z.string() }),
    status: 200,
    problems: ['thing_not_found'],
    handler: async ({ params }) => {
      if (params.name === 'none') throw new Refusal('thing_not_found', 'There is no such thing.');
      if (params.name === 'broken') throw new Error('secret detail of the inside');
      if (params.name === 'database') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
      if (params.name === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
      return reply({ etag: 'v7', body: { name: params.name } });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/things/flowing',
    operationId: 'getFlowing',
    summary: 'An answer that flows',
    tags: ['things'],
    auth: 'none',
    kind: 'query',
    response: z.string(),
    produces: 'text/plain',
    status: 200,
    problems: [],
    handler: () => {
      const stream = Readable.from(['one ', 'two']);
      flowing.push(stream);
      return reply({ etag: 'v7', headers: { 'Content-Type': 'text/plain' }, stream });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/things/fixed',
    operationId: 'getFixed',
    summary: 'A path that a parameter would take too',
    tags: ['things'],
    auth: 'none',
    kind: 'query',
    response: z.object({ fixed: z.boolean() }),
    status: 200,
    problems: [],
    handler: () => reply({ json: '{"fixed":true}' }),
  }),
  defineRoute({
    method: 'patch',
    path: '/things/fixed',
    operationId: 'changeFixed',
    summary: 'A change with a precondition',
    tags: ['things'],
    auth: 'none',
    kind: 'command',
    response: z.undefined(),
    status: 204,
    problems: [],
    handler: ({ ifMatch }) => {
      if (ifMatch !== null && ifMatch !== '*' && !ifMatch.includes('v7')) {
        throw new Refusal('precondition_failed', 'It is at v7.');
      }
      return undefined;
    },
  }),
];

export type Submitted = Parameters<NonNullable<AppOptions['commands']>['submit']>[0];

/** A service with these routes on a free port. Contents of a message choose how its command ends. */
export const startTestService = async (more: Partial<AppOptions> = {}) => {
  const lines: Record<string, unknown>[] = [];
  const submitted: Submitted[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  const app = createApp({
    name: 'messages',
    routes,
    verifyToken: tokenVerifier({ jwks, issuer: ISSUER, audience: AUDIENCE }),
    logger,
    metrics: createMetrics('test'),
    problems: {
      channel_closed: { status: 409, title: 'The channel is closed' },
      thing_not_found: { status: 404, title: 'There is no such thing' },
    },
    ready: () => [{ name: 'log', ok: true }],
    bodyLimitBytes: 1_000,
    commands: {
      submit: async (command) => {
        submitted.push(command);
        const { content } = command.data as { content: string };
        if (content === 'late') throw new CommandTimeout(command.id, 10);
        if (content === 'down') throw new LogUnavailable('no broker');
        const position = { partition: 3, offset: 1_042 };
        if (content === 'shut') {
          return { outcome: { kind: 'refused', code: 'channel_closed', detail: 'It is closed.' }, position };
        }
        return { outcome: { kind: 'accepted', result: null }, position };
      },
    },
    ...more,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, graceMs: 2_000 });
  return { ...server, lines, submitted };
};
