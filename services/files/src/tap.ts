import { Transform } from 'node:stream';
import { leadingBytes } from './inspect.ts';

/** Lets bytes through and keeps the first of them. */
export const tap = (): { readonly through: Transform; readonly leading: () => Uint8Array } => {
  const kept: Buffer[] = [];
  let missing = leadingBytes;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (missing > 0) {
        const some = chunk.subarray(0, missing);
        kept.push(Buffer.from(some));
        missing -= some.length;
      }
      done(null, chunk);
    },
  });
  return { through, leading: () => Buffer.concat(kept) };
};
