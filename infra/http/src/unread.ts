import type { IncomingMessage, Server } from 'node:http';

/** As much of a body that nobody wants is taken in, so that the client gets to its answer; it is cut off then. */
const mostUnreadBytes = 64 * 1024 * 1024;

/**
 * Takes in what is left of a body when its request was answered already. Node does so only when nobody has begun to read it: a reader
 * that stopped in the middle would leave the connection stuck, with the next request behind what it left.
 */
export const takeInUnread = (server: Server): void => {
  server.on('request', (req, res) => {
    if (!hasBody(req)) return;
    res.on('finish', () => {
      if (req.readableEnded || req.destroyed) return;
      const { socket } = req;
      const until = socket.bytesRead + mostUnreadBytes;
      req.unpipe();
      req.on('data', () => {
        if (socket.bytesRead > until) socket.destroy();
      });
      req.resume();
    });
  });
};

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
