import type { IncomingMessage, Server } from 'node:http';
import { refuseUnparsed } from './unparsed.ts';
import { hasBody } from './unread.ts';

/** How far a body was when it last brought something. */
type Seen = { readonly bytesRead: number; readonly atMs: number };

/**
 * Ends requests whose body brings nothing for a while, with 408: Node itself limits only how long a request takes in all, and that has
 * to be long where files are uploaded.
 */
export const refuseStalled = (server: Server, stallTimeoutMs: number): void => {
  const arriving = new Map<IncomingMessage, Seen>();
  server.on('request', (req) => {
    if (!hasBody(req)) return;
    arriving.set(req, { bytesRead: req.socket.bytesRead, atMs: performance.now() });
    req.on('end', () => arriving.delete(req));
    req.on('close', () => arriving.delete(req));
  });
  const look = setInterval(() => {
    const nowMs = performance.now();
    for (const [req, seen] of arriving) {
      const { bytesRead } = req.socket;
      if (bytesRead > seen.bytesRead || req.complete) arriving.set(req, { bytesRead, atMs: nowMs });
      // One that came a moment ago has had no time to stall.
      else if (nowMs - seen.atMs >= stallTimeoutMs)
        refuseUnparsed({ code: 'ERR_HTTP_REQUEST_TIMEOUT' } as NodeJS.ErrnoException, req.socket);
    }
  }, stallTimeoutMs / 4);
  look.unref();
  server.on('close', () => clearInterval(look));
};
