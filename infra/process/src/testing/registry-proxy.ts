import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a registry, for tests in which it is away. */
export type RegistryProxy = { readonly url: string; goAway(): void; comeBack(): Promise<void>; close(): void };

export const registryProxy = async (registryUrl: string): Promise<RegistryProxy> => {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { method = 'GET', headers } = request;
    const answer = await fetch(`${registryUrl}${request.url}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? 'application/json' },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
    response.end(await answer.text());
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const goAway = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, goAway, comeBack: async () => void (await listen(port)), close: goAway };
};
