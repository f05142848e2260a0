import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between clients and a broker that advertises this proxy's port, and does to answers what networks do. */
export type BrokerProxy = {
  /** The broker gets the next produce request and answers it; the client's connection is cut instead. */
  loseNextAnswer(): void;
  /** Nothing passes any more in either direction, though connections stay open. */
  silent: boolean;
  /** How many answers were lost. */
  readonly lost: number;
  close(): Promise<void>;
};

const produceKey = 0;

/** A request is its length (int32), then the API's key (int16): https://kafka.apache.org/protocol#protocol_messages */
const isProduce = (chunk: Buffer): boolean => chunk.length > 6 && chunk.readInt16BE(4) === produceKey;

export const startProxy = async (port: number, target: number): Promise<BrokerProxy> => {
  const sockets = new Set<Socket>();
  let loseNext = false;
  let lost = 0;
  const proxy = {
    silent: false,
    get lost() {
      return lost;
    },
    loseNextAnswer: () => {
      loseNext = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1');
    let cut = false;
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
      if (loseNext && typeof chunk !== 'string' && isProduce(chunk)) {
        loseNext = false;
        cut = true;
      }
      broker.write(chunk);
    });
    broker.on('data', (chunk) => {
      if (cut) {
        lost += 1;
        end();
      } else if (!proxy.silent) client.write(chunk);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return proxy;
};
