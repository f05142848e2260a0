import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseUnparsed } from './unparsed.ts';

export type Listening = {
  readonly host: string;
  /** The real port, also when 0 was asked for. */
  readonly port: number;
  readonly url: string;
  /** Takes no new requests and resolves when those in flight are answered, or cut off after `graceMs`. */
  close(): Promise<void>;
};

export type ListenOptions = {
  readonly host: string;
  readonly port: number;
  /** Most time that requests in flight get at the end, ms. */
  readonly graceMs?: number;
  /** Most time that a whole request may take to arrive, ms. */
  readonly requestTimeoutMs?: number;
};

/** Another process listens there already; the message says what to do. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/**
 * Serves until closed. Idle connections are kept for longer than any client of ours keeps them, so that it is never the server who
 * closes one just as a request is sent. Throws `PortTaken`.
 */
export const listen = async (app: RequestListener, options: ListenOptions): Promise<Listening> => {
  const { host, port, graceMs = 10_000, requestTimeoutMs = 30_000 } = options;
  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: requestTimeoutMs },
    app,
  );
  server.on('clientError', refuseUnparsed);
  await bound(server, host, port);
  const real = (server.address() as AddressInfo).port;
  return {
    host,
    port: real,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${real}`,
    close: () => drained(server, graceMs),
  };
};

const bound = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new PortTaken(`Port ${port} on ${host} is taken: end what listens there, or choose another port.`)
          : error,
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });

const drained = async (server: Server, graceMs: number): Promise<void> => {
  // A connection that is busy now becomes idle with its answer; it is told to close, and closed if it does not.
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
};
