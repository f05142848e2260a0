import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between clients and a broker that advertises this proxy's port, and does to answers what networks do. */
export type BrokerProxy = {
  /** The broker gets the next produce request and answers it; the client's connection is cut instead. */
  loseNextAnswer(): void;
  /** The broker gets the next heartbeat at once, but its answer, and those behind it, wait for `until`. Resolves with the heartbeat. */
  delayNextHeartbeat(until: Promise<void>): Promise<void>;
  /** Nothing passes any more in either direction, though connections stay open. */
  silent: boolean;
  /** How many answers were lost. */
  readonly lost: number;
  close(): Promise<void>;
};

const produceKey = 0;
const heartbeatKey = 12;

/** A request is its length (int32), then the API's key (int16): https://kafka.apache.org/protocol#protocol_messages */
const asks = (key: number, chunk: Buffer): boolean => chunk.length > 6 && chunk.readInt16BE(4) === key;

export const startProxy = async (port: number, target: number): Promise<BrokerProxy> => {
  const sockets = new Set<Socket>();
  let loseNext = false;
  let lost = 0;
  let delayNext: { readonly until: Promise<void>; readonly begun: () => void } | null = null;
  const proxy = {
    silent: false,
    get lost() {
      return lost;
    },
    loseNextAnswer: () => {
      loseNext = true;
    },
    delayNextHeartbeat: (until: Promise<void>) =>
      new Promise<void>((begun) => {
        delayNext = { until, begun };
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1');
    let cut = false;
    let delayed: Promise<void> | null = null;
    const end = (): void => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      if (proxy.silent) return;
      if (loseNext && typeof chunk !== 'string' && asks(produceKey, chunk)) {
        loseNext = false;
        cut = true;
      }
      if (delayNext && typeof chunk !== 'string' && asks(heartbeatKey, chunk)) {
        delayed = delayNext.until;
        delayNext.begun();
        delayNext = null;
      }
      broker.write(chunk);
    });
    broker.on('data', (chunk) => {
      if (cut) {
        lost += 1;
        end();
      } else if (delayed) void delayed.then(() => client.write(chunk));
      else if (!proxy.silent) client.write(chunk);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return proxy;
};
