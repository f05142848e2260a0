import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { newId } from '@palaver/decider';
import { EDGE_PROBLEMS, Refusal, toProblem } from './problem.ts';

/**
 * Answers what Node could not parse as a request: there is no exchange for it, so the problem is written onto the connection,
 * which ends with it. A listener for `clientError`; without one Node answers by a bare status line.
 */
export const refuseUnparsed = (error: NodeJS.ErrnoException, connection: Duplex): void => {
  if (!connection.writable || hasBegunAnswer(connection)) {
    connection.destroy();
    return;
  }
  const { document } = toProblem(refusalOf(error), EDGE_PROBLEMS, newId());
  const json = JSON.stringify(document);
  const head = [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status]}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(json)}`,
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${document.requestId}`,
  ];
  connection.end(`${head.join('\r\n')}\r\n\r\n${json}`, () => connection.destroy());
};

/** Node's own answer looks at the same field: a second head in the middle of an answer would be taken for its body. */
const hasBegunAnswer = (connection: Duplex): boolean =>
  (connection as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true;

const refusalOf = ({ code }: NodeJS.ErrnoException): Refusal => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal('headers_too_large', 'The headers and the address may have at most 16 KiB together.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Refusal('body_too_large', 'The extensions of a chunk may have at most 16 KiB.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal('request_timeout', 'The request did not arrive whole in time.');
    default:
      return new Refusal('malformed_request', 'The request is not well-formed HTTP/1.1.');
  }
};
