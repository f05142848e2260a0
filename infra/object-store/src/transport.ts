import http from 'node:http';
import https from 'node:https';
import type { ClientOptions } from 'minio';
import { StoreUnavailable } from './errors.ts';

export type TimeOuts = {
  /** Until there is a connection. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
};

type Transport = NonNullable<ClientOptions['transport']>;
type OnResponse = (response: http.IncomingMessage) => void;

/**
 * What minio sends its requests through, since it knows neither time-outs nor signals, and answers that it wants to repeat keep their
 * connection for ever. Answers of a store that fails become `StoreUnavailable`.
 */
export const boundedTransport = (secure: boolean, timeOuts: TimeOuts, signal: AbortSignal | undefined): Transport => {
  const send = (options: https.RequestOptions, onResponse: OnResponse): http.ClientRequest => {
    let response: http.IncomingMessage | undefined;
    const request = (secure ? https : http).request({ ...options, ...(signal && { signal }) }, (answer) => {
      response = answer;
      const status = answer.statusCode ?? 0;
      if (!isFailure(status)) return onResponse(answer);
      answer.on('error', () => {}).resume();
      request.emit('error', new StoreUnavailable(`The object store answers ${status}`));
    });
    limitConnecting(request, secure, timeOuts.connectMs);
    limitSilence(request, timeOuts.idleMs, () => response);
    return request;
  };
  return { request: send as Transport['request'] };
};

/** 501 is an answer: the store does not know how. */
const isFailure = (status: number): boolean =>
  status === 408 || status === 429 || status === 499 || (status >= 500 && status !== 501);

const limitConnecting = (request: http.ClientRequest, secure: boolean, connectMs: number): void => {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => request.destroy(timeOut(`no connection within ${connectMs} ms`)), connectMs);
    const clear = () => clearTimeout(timer);
    socket.once(secure ? 'secureConnect' : 'connect', clear);
    socket.once('close', clear);
  });
};

/** A response whose bytes nobody takes is silent too; that is its reader's pace, not the store's. */
const limitSilence = (
  request: http.ClientRequest,
  idleMs: number,
  responseOf: () => http.IncomingMessage | undefined,
): void => {
  request.setTimeout(idleMs);
  request.on('timeout', () => {
    const response = responseOf();
    if (response !== undefined && response.readableLength > 0) return void request.socket?.setTimeout(idleMs);
    (response ?? request).destroy(timeOut(`no answer for ${idleMs} ms`));
  });
};

const timeOut = (message: string): StoreUnavailable =>
  new StoreUnavailable(`The object store: ${message}`, { timedOut: true });
