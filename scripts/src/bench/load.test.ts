import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpRequest, measureAnswer, sendAtRate, sendInLoop } from './load.ts';
import { percentile } from './statistics.ts';

describe('measureAnswer', () => {
  const answer = 'HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}';
  it('reads status and length', () =>
    expect(measureAnswer(Buffer.from(answer))).toEqual({ status: 201, length: answer.length }));
  it('waits for the end of the head', () => expect(measureAnswer(Buffer.from(answer.slice(0, 30)))).toBe(null));
  it('refuses an answer whose length is not told', () =>
    expect(() => measureAnswer(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without a length'));
});

describe('httpRequest', () => {
  const url = 'http://localhost:1/a/b?limit=50&before=7';
  it('is a POST with its body', () => {
    const text = httpRequest({ url, token: 't', body: { content: 'é' } }).toString();
    expect(text.split('\r\n', 1)).toEqual(['POST /a/b?limit=50&before=7 HTTP/1.1']);
    expect(text).toContain('\r\nContent-Length: 16\r\n\r\n{"content":"é"}');
  });
  it('is a GET that ends with its head without one', () => {
    const head = ['GET /a/b?limit=50&before=7 HTTP/1.1', 'Host: localhost:1', 'Authorization: Bearer t'];
    expect(httpRequest({ url, token: 't' }).toString()).toBe(`${head.join('\r\n')}\r\n\r\n`);
  });
});

describe('load', () => {
  let server: Server;
  let url: string;
  let slowMs = 0;
  const bodies: string[] = [];
  beforeEach(async () => {
    bodies.length = 0;
    server = createServer(async (req, res) => {
      const parts: Buffer[] = [];
      for await (const part of req) parts.push(part as Buffer);
      bodies.push(Buffer.concat(parts).toString());
      if (slowMs > 0) await delay(slowMs);
      const ok = req.headers.authorization === 'Bearer good';
      res.writeHead(ok ? 201 : 401, { 'content-length': 3 }).end('yes');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    slowMs = 0;
    server.closeAllConnections();
    server.close();
  });
  const requests = () => [
    httpRequest({ url: `${url}/a`, token: 'good', body: { content: 'é' } }),
    httpRequest({ url: `${url}/b`, token: 'bad', body: {} }),
  ];

  it('counts every answer by its status, and every request is answered', async () => {
    const { statuses, latenciesMs } = await sendInLoop({ requests: requests(), url, connections: 4, seconds: 0.2 });
    expect(Object.keys(statuses)).toEqual(['201', '401']);
    expect(statuses['201']! + statuses['401']!).toBe(bodies.length);
    expect(latenciesMs.length).toBe(bodies.length);
    expect(bodies).toContain('{"content":"é"}');
  });

  it('sends at a fixed rate', async () => {
    const given = { requests: requests(), url, connections: 4, perSecond: 200, seconds: 0.5 };
    const { latenciesMs, elapsedMs } = await sendAtRate(given);
    expect(latenciesMs.length).toBe(100);
    expect(elapsedMs).toBeGreaterThan(480);
  });

  it('counts the wait for a server that does not keep up as latency', async () => {
    slowMs = 20;
    const given = { requests: requests(), url, connections: 1, perSecond: 100, seconds: 0.4 };
    const { latenciesMs } = await sendAtRate(given);
    // Each takes twice as long as there is time for it: the last of 40 waits for about 40 x 10 ms.
    expect(percentile(latenciesMs, 100)).toBeGreaterThan(300);
  });
});
