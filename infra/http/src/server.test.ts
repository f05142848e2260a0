import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as delay, setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listen } from './index.ts';

const host = '127.0.0.1';

test('a server that closes under load drops no request', async () => {
  const server = await listen(
    async (_req, res) => {
      await tick();
      res.end('done');
    },
    { host, port: 0 },
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const ask = (): Promise<number | string> =>
    new Promise((resolve) => {
      request(server.url, { agent }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode!)))
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code!))
        .end();
    });
  const outcomes = new Map<number | string, number>();
  let closed = false;
  const client = async (): Promise<void> => {
    while (!closed) {
      const outcome = await ask();
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      // From here on there is no server.
      if (outcome === 'ECONNREFUSED') return;
    }
  };
  const clients = Array.from({ length: 16 }, client);
  await expect.poll(() => outcomes.get(200) ?? 0).toBeGreaterThan(500);
  await server.close();
  closed = true;
  await Promise.all(clients);
  agent.destroy();
  expect([...outcomes.keys()].filter((outcome) => outcome !== 200 && outcome !== 'ECONNREFUSED')).toEqual([]);
});

test('a connection that is idle does not hold up the end', async () => {
  const server = await listen((_req, res) => void res.end(), { host, port: 0 });
  const idle = connect(server.port, host);
  await once(idle, 'connect');
  const answered = new Agent({ keepAlive: true });
  await new Promise((resolve) =>
    request(server.url, { agent: answered }, (res) => res.resume().on('end', resolve)).end(),
  );
  const gone = once(idle, 'close');
  await server.close();
  await gone;
});

test('a body that brings nothing for a while is a 408; one that is slow is not', async () => {
  const server = await listen((req, res) => void req.resume().on('end', () => res.end('all')), {
    host,
    port: 0,
    stallTimeoutMs: 150,
  });
  const send = (pieces: number): Promise<string> =>
    new Promise((resolve) => {
      let received = '';
      const socket = connect(server.port, host, () => {
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n');
        let sent = 0;
        const drip = setInterval(() => {
          if (sent++ < pieces) socket.write('x');
          else clearInterval(drip);
        }, 60);
      });
      socket.on('data', (data) => {
        received += data.toString();
      });
      socket.on('close', () => resolve(received));
    });
  const [slow, stalled] = await Promise.all([send(10), send(3)]);
  expect(slow).toMatch(/^HTTP\/1\.1 200 /);
  expect(stalled).toMatch(/^HTTP\/1\.1 408 /);
  expect(stalled).toContain('request_timeout');
  await server.close();
});

test('a body that is a moment late has not stalled, whenever its request came', async () => {
  const server = await listen((req, res) => void req.resume().on('end', () => res.end()), {
    host,
    port: 0,
    stallTimeoutMs: 400,
  });
  const send = async (): Promise<number> => {
    const sending = request(server.url, { method: 'POST', headers: { 'content-length': 1 } });
    sending.flushHeaders();
    await delay(200);
    sending.end('x');
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    return answer.resume().statusCode!;
  };
  const statuses: Promise<number>[] = [];
  for (let count = 0; count < 12; count += 1) {
    statuses.push(send());
    await delay(50);
  }
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
  await server.close();
});

test('a body whose reader stops in the middle holds up no request behind it', async () => {
  const server = await listen(
    (req, res) => {
      if (req.method === 'GET') return void res.end('next');
      const slow = new PassThrough({ highWaterMark: 1_000 });
      req.pipe(slow);
      slow.once('readable', () => res.writeHead(422).end('no'));
    },
    { host, port: 0 },
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (method: string, body = ''): Promise<number> =>
    new Promise((resolve, reject) => {
      request(server.url, { agent, method }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode!)))
        .on('error', reject)
        .end(body);
    });
  for (let turn = 0; turn < 5; turn += 1) {
    expect(await send('POST', 'x'.repeat(300_000))).toBe(422);
    expect(await send('GET')).toBe(200);
  }
  agent.destroy();
  await server.close();
}, 10_000);
