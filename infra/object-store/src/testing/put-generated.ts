/**
 * Puts a generated body and says by how much the memory of this process grew at most, in bytes, on stdout.
 *   node put-generated.ts <options of openObjectStore as JSON> <key> <bytes>
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { openObjectStore } from '../index.ts';

const [options = '', key = '', bytes = ''] = process.argv.slice(2);
const store = openObjectStore(JSON.parse(options));
const piece = randomBytes(64 * 1024);
let peak = 0;

function* body(size: number) {
  for (let sent = 0; sent < size; sent += piece.length) {
    peak = Math.max(peak, process.memoryUsage.rss());
    yield piece;
  }
}

// The first put loads what all of them need.
await store.put(key, Readable.from([piece], { objectMode: false }), { contentType: 'application/octet-stream' });
const before = process.memoryUsage.rss();
const { size } = await store.put(key, Readable.from(body(Number(bytes)), { objectMode: false }), {
  contentType: 'application/octet-stream',
});
process.stdout.write(JSON.stringify({ size, growth: peak - before }));
