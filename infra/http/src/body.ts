import { isUtf8 } from 'node:buffer';
import express, { type Request, type Response } from 'express';
import { Refusal } from './problem.ts';
import { hasBody } from './unread.ts';

/**
 * Reads a JSON body; undefined when there is none. Throws what body-parser throws, `Refusal` `unsupported_media_type` for a body
 * that does not say that it is JSON.
 */
export const bodyReader = (limitBytes: number): ((req: Request, res: Response) => Promise<unknown>) => {
  const parse = express.json({
    limit: limitBytes,
    strict: false,
    type: isJson,
    // body-parser would put U+FFFD for bytes that are no UTF-8, and so keep another text than the one that was sent.
    verify: (_req, _res, bytes) => {
      if (!isUtf8(bytes)) throw new Error('not UTF-8');
    },
  });
  return async (req, res) => {
    if (hasBody(req) && !isJson(req)) {
      throw new Refusal('unsupported_media_type', 'Send the body with Content-Type: application/json.');
    }
    if (charsetOf(req) !== 'utf-8') {
      throw new Refusal('unsupported_media_type', 'Send the body in UTF-8.');
    }
    await new Promise<void>((resolve, reject) => {
      parse(req, res, (error?: unknown) => (error ? reject(isNamed(error) ? error : undecodable(error)) : resolve()));
    });
    return req.body as unknown;
  };
};

const isJson = (req: { headers: { 'content-type'?: string | undefined } }): boolean =>
  /^application\/json\s*(;|$)/i.test(req.headers['content-type'] ?? '');

/** body-parser takes UTF-16 and UTF-32 as well, whose bytes may pass for UTF-8. */
const charsetOf = (req: Request): string =>
  (/;\s*charset="?([^\s";]+)/i.exec(req.headers['content-type'] ?? '')?.[1] ?? 'utf-8').toLowerCase();

/** body-parser gives each of its errors a type; those of a decoder it passes on as they are. */
const isNamed = (error: unknown): boolean => (error as { type?: unknown }).type !== undefined;

const undecodable = (cause: unknown): Refusal =>
  new Refusal('malformed_json', 'The body is not as its Content-Encoding says.', { cause });
