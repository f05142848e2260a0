const seed = 0x9747b28c;
const m = 0x5bd1e995;

/** Murmur2, 32 bit, as in Kafka's `Utils.murmur2`; returns a signed integer. */
export const murmur2 = (data: Uint8Array): number => {
  const { length } = data;
  const whole = length & ~3;
  let h = seed ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  if (length - whole === 3) h ^= data[whole + 2]! << 16;
  if (length - whole >= 2) h ^= data[whole + 1]! << 8;
  if (length - whole >= 1) h = Math.imul(h ^ data[whole]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
};

const utf8 = new TextEncoder();

/** The partition of an aggregate's root id: what Kafka's own default partitioner gives for this key. */
export const partitionOf = (rootId: string, partitions: number): number =>
  (murmur2(utf8.encode(rootId)) & 0x7fffffff) % partitions;
