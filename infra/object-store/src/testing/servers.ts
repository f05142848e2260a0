import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

export type TestServer = { readonly url: string; close(): Promise<void> };

const serve = async (server: net.Server | http.Server, sockets: Set<net.Socket>): Promise<TestServer> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

/** Passes connections on to another server; each stalls once the client has sent `stallAfterBytes` by it. */
export const relay = async (target: string, stallAfterBytes = Number.POSITIVE_INFINITY): Promise<TestServer> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port || 80), hostname);
    let sent = 0;
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    client.on('data', (chunk) => {
      sent += chunk.length;
      if (sent > stallAfterBytes) client.pause();
      else upstream.write(chunk);
    });
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  return serve(server, sockets);
};

/** Takes connections and never says a word. */
export const silence = async (): Promise<TestServer> => {
  const sockets = new Set<net.Socket>();
  return serve(
    net.createServer((socket) => void sockets.add(socket.on('error', () => {}).resume())),
    sockets,
  );
};

export const httpServer = async (listener: http.RequestListener): Promise<TestServer> => {
  const sockets = new Set<net.Socket>();
  const server = http.createServer(listener);
  server.on('connection', (socket) => void sockets.add(socket));
  return serve(server, sockets);
};
