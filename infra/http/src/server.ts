import { createServer, type RequestListener, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { refuseStalled } from './stalled.ts';
import { refuseUnparsed } from './unparsed.ts';
import { takeInUnread } from './unread.ts';

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
  /** Most time in which a body may bring nothing, ms. */
  readonly stallTimeoutMs?: number;
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
  const { host, port, graceMs = 10_000, requestTimeoutMs = 30_000, stallTimeoutMs = 30_000 } = options;
  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: requestTimeoutMs },
    app,
  );
  server.on('clientError', refuseUnparsed);
  refuseStalled(server, stallTimeoutMs);
  takeInUnread(server);
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

/** A client that asks again within this time is told to close; one that is silent for longer will not be hurt. */
const farewellMs = 1_000;

const drained = async (server: Server, graceMs: number): Promise<void> => {
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  const sweeping = AbortSignal.timeout(farewellMs);
  const sweep = setInterval(() => sweeping.aborted && server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await new Promise<void>((resolve) => {
      // Not that of `http.Server`, which closes idle connections at once: with a request on its way to it, perhaps.
      net.Server.prototype.close.call(server, () => resolve());
    });
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
};
