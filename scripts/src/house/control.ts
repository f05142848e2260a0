import { createServer, type IncomingMessage } from 'node:http';
import { partNames } from '@palaver/local';
import type { House } from './house.ts';
import { processNames } from './processes.ts';

/**
 * A loopback door for tests that kill and start what the house runs:
 *
 *   GET  /processes                      each process with its port, pid and number of restarts
 *   POST /processes/<name>/kill          SIGKILL; it is started anew after a moment
 *   POST /processes/<name>/stop | start  stays stopped until it is started
 *   POST /processes/<name>/instance      starts a second instance, `<name>-2`
 *   POST /parts/<part>/kill | start      Kafka, registry, Postgres, object store; stays killed until it is started
 */
export const openControl = async (house: House, port: number): Promise<{ close(): Promise<void> }> => {
  const server = createServer(async (request, response) => {
    // Tests ask seldom: a connection kept for them could end just as they use it again.
    response.setHeader('connection', 'close');
    try {
      const body = await answer(house, request);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end((error as Error).message);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answer = async (house: House, { method, url = '' }: IncomingMessage): Promise<unknown> => {
  const [kind, name = '', action] = url.slice(1).split('/');
  if (method === 'GET' && kind === 'processes') return house.processes.list();
  if (method === 'POST' && kind === 'processes') await actOnProcess(house, name, action);
  else if (method === 'POST' && kind === 'parts') await actOnPart(house, name, action);
  else throw new Error(`no such thing: ${method} ${url}`);
  return {};
};

const actOnProcess = (house: House, name: string, action: string | undefined): Promise<void> => {
  if (action === 'kill') return house.processes.kill(name);
  if (action === 'stop') return house.processes.stop(name);
  const known = processNames.find((one) => name === one || name === `${one}-2`);
  if (!known) throw new Error(`there is no process ${name}`);
  if (action === 'start') return house.startInstance(known, name === known ? 1 : 2);
  if (action === 'instance') return house.startInstance(known, 2);
  throw new Error(`no such action: ${action}`);
};

const actOnPart = (house: House, name: string, action: string | undefined): Promise<void> => {
  const part = partNames.find((one) => one === name);
  if (!part) throw new Error(`there is no part ${name}`);
  if (action === 'kill') return house.stack.kill(part);
  if (action === 'start') return house.stack.start(part);
  throw new Error(`no such action: ${action}`);
};
