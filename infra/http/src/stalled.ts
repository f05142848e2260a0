import type { IncomingMessage, Server } from 'node:http';
import { refuseUnparsed } from './unparsed.ts';
import { hasBody } from './unread.ts';

/**
 * Ends requests whose body brings nothing for a while, with 408: Node itself limits only how long a request takes in all, and that has
 * to be long where files are uploaded.
 */
export const refuseStalled = (server: Server, stallTimeoutMs: number): void => {
  const arriving = new Map<IncomingMessage, number>();
  server.on('request', (req) => {
    if (!hasBody(req)) return;
    arriving.set(req, req.socket.bytesRead);
    req.on('end', () => arriving.delete(req));
    req.on('close', () => arriving.delete(req));
  });
  const look = setInterval(() => {
    for (const [req, bytesBefore] of arriving) {
      const { socket } = req;
      if (socket.bytesRead > bytesBefore || req.complete) arriving.set(req, socket.bytesRead);
      else refuseUnparsed({ code: 'ERR_HTTP_REQUEST_TIMEOUT' } as NodeJS.ErrnoException, socket);
    }
  }, stallTimeoutMs);
  look.unref();
  server.on('close', () => clearInterval(look));
};
