import type { RequestListener } from 'node:http';
import cors from 'cors';

/** `https://chat.example, https://admin.example`, or `*` for all. Throws `TypeError` that names the one that is no origin. */
export const parseOrigins = (text: string): readonly string[] => {
  const origins = text.split(',').map((one) => one.trim());
  for (const origin of origins) {
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
      throw new TypeError(`${origin} is no origin such as https://chat.example`);
    }
  }
  return origins;
};

/** What a page may read beyond what browsers show it anyway. */
const exposedHeaders = [
  'Content-Range',
  'ETag',
  'Location',
  'Palaver-Position',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
];
const preflightSeconds = 600;

/**
 * Lets pages of these origins use the API. Tokens come in a header that no browser sends by itself, so there are no cookies to be
 * careful with. Without origins nothing is added, and browsers refuse pages of others.
 */
export const allowOrigins = (origins: readonly string[], listener: RequestListener): RequestListener => {
  if (origins.length === 0) return listener;
  const allow = cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders,
    maxAge: preflightSeconds,
  });
  return (req, res) => allow(req, res, () => listener(req, res));
};
