import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110 7.6.1: these belong to one connection and go no further; besides them whatever `Connection` names. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What only the gateway may say to a service, and what it answers by itself (`Expect`). */
const NOT_FROM_CLIENTS = new Set([
  'expect',
  'forwarded',
  'host',
  'traceparent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
]);

/** Headers of ours that clients have no business with. */
const INTERNAL = /^(x-)?palaver-internal-/;

const namedByConnection = (headers: IncomingHttpHeaders): ReadonlySet<string> | null => {
  const value = headers.connection;
  if (value === undefined || /^(keep-alive|close)$/i.test(value)) return null;
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()));
};

type HeaderValues = Record<string, string | string[]>;

/** A request's headers as the service gets them. */
export const requestHeaders = (
  headers: IncomingHttpHeaders,
  own: Readonly<Record<string, string | undefined>>,
): HeaderValues => {
  const named = namedByConnection(headers);
  const passed: HeaderValues = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name) || NOT_FROM_CLIENTS.has(name) || INTERNAL.test(name)) continue;
    if (!named?.has(name)) passed[name] = value;
  }
  for (const name in own) if (own[name] !== undefined) passed[name] = own[name];
  return passed;
};

/** An answer's headers as the client gets them. */
export const responseHeaders = (headers: IncomingHttpHeaders): HeaderValues => {
  const named = namedByConnection(headers);
  const passed: HeaderValues = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !HOP_BY_HOP.has(name) && !INTERNAL.test(name) && !named?.has(name)) passed[name] = value;
  }
  return passed;
};
