import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A load generator that costs little, since it shares the machine with what it measures: requests are bytes made beforehand, sent
 * over kept connections, one at a time on each. It reads of an answer no more than its status and its length. Ready-made ones either cost as much as
 * the service under test, or drop what is in flight at the end, or measure from when a request was sent, not from when it was due.
 */

export type Answers = {
  /** Number of answers by HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Latency of each answered request, ms. */
  readonly latenciesMs: Float64Array;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
};

export const answersPerSecond = ({ latenciesMs, elapsedMs }: Answers): number =>
  latenciesMs.length / (elapsedMs / 1_000);

/** As it goes over the wire: a POST of JSON, or a GET when there is no body. */
export const httpRequest = (options: { url: string; token: string; body?: unknown }): Buffer => {
  const { host, pathname, search } = new URL(options.url);
  const body = options.body === undefined ? '' : JSON.stringify(options.body);
  const head = [
    `${body ? 'POST' : 'GET'} ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${options.token}`,
    ...(body ? ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`] : []),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
};

/** One kept connection; one request at a time. */
export type Connection = {
  /** Resolves with the HTTP status once the whole answer is there. Rejects when the connection ends. */
  send(request: Buffer): Promise<number>;
  close(): void;
};

const headEnd = Buffer.from('\r\n\r\n');

/** The status and the whole length in bytes of an answer; null while its head is not complete. */
export const measureAnswer = (bytes: Buffer): { readonly status: number; readonly length: number } | null => {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return null;
  const head = bytes.toString('latin1', 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${head.split('\r\n', 1)[0]}`);
  return { status: Number(head.slice(9, 12)), length: end + headEnd.length + Number(length) };
};

export const openConnection = (url: string): Promise<Connection> => {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(connectionOf(socket)));
  });
};

const connectionOf = (socket: Socket): Connection => {
  let waiting: PromiseWithResolvers<number> | null = null;
  let received: Buffer = Buffer.alloc(0);
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = null;
  };
  socket.on('data', (bytes: Buffer) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    try {
      const answer = measureAnswer(received);
      if (answer === null || received.length < answer.length) return;
      received = Buffer.alloc(0);
      const { resolve } = waiting!;
      waiting = null;
      resolve(answer.status);
    } catch (error) {
      fail(error as Error);
    }
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server has closed the connection')));
  return {
    send: (request) => {
      waiting = Promise.withResolvers();
      socket.write(request);
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
};

const openAll = (url: string, connections: number): Promise<Connection[]> =>
  Promise.all(Array.from({ length: connections }, () => openConnection(url)));

class Tally {
  readonly latenciesMs: number[] = [];
  private readonly statuses: Record<string, number> = {};
  private readonly startedMs = performance.now();

  add(status: number, sinceMs: number): void {
    this.latenciesMs.push(performance.now() - sinceMs);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  answers(): Answers {
    return {
      statuses: this.statuses,
      latenciesMs: Float64Array.from(this.latenciesMs),
      elapsedMs: performance.now() - this.startedMs,
    };
  }
}

/** Each connection sends its next request when the last one is answered (closed loop); requests are taken in turn. */
export const sendInLoop = async (options: {
  requests: readonly Buffer[];
  url: string;
  connections: number;
  seconds: number;
}): Promise<Answers> => {
  const { requests, seconds } = options;
  const connections = await openAll(options.url, options.connections);
  const tally = new Tally();
  const endMs = performance.now() + seconds * 1_000;
  let next = 0;
  const run = async (connection: Connection): Promise<void> => {
    for (let now = performance.now(); now < endMs; now = performance.now())
      tally.add(await connection.send(requests[next++ % requests.length]!), now);
  };
  try {
    await Promise.all(connections.map(run));
    return tally.answers();
  } finally {
    for (const connection of connections) connection.close();
  }
};

/**
 * Sends at a fixed rate, whether or not earlier requests are answered (open loop). A latency counts from when its request was due, so
 * waiting for a free connection, or for this process, is part of it.
 */
export const sendAtRate = async (options: {
  requests: readonly Buffer[];
  url: string;
  connections: number;
  perSecond: number;
  seconds: number;
}): Promise<Answers> => {
  const { requests, perSecond, seconds } = options;
  const connections = await openAll(options.url, options.connections);
  const free = [...connections];
  const due: number[] = [];
  const total = Math.round(perSecond * seconds);
  const tally = new Tally();
  const startedMs = performance.now();
  const done = Promise.withResolvers<void>();
  let scheduled = 0;
  let answered = 0;

  const sendDue = (): void => {
    while (due.length > 0 && free.length > 0) send(free.pop()!, due.shift()!);
  };
  const send = (connection: Connection, dueMs: number): void => {
    const request = requests[Math.round((dueMs - startedMs) * (perSecond / 1_000)) % requests.length]!;
    connection.send(request).then((status) => {
      tally.add(status, dueMs);
      free.push(connection);
      answered += 1;
      if (answered === total) done.resolve();
      sendDue();
    }, done.reject);
  };
  try {
    const failed = done.promise.then(() => undefined);
    while (scheduled < total) {
      const now = performance.now();
      for (; scheduled < total && startedMs + (scheduled * 1_000) / perSecond <= now; scheduled += 1)
        due.push(startedMs + (scheduled * 1_000) / perSecond);
      sendDue();
      if (scheduled < total) await Promise.race([delay(1), failed]);
    }
    await done.promise;
    return tally.answers();
  } finally {
    for (const connection of connections) connection.close();
  }
};
