import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Networks, told by `parseCidrs`. */
export type Cidrs = { has(address: string): boolean };

/** `::ffff:10.0.0.1` is 10.0.0.1, by another name. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Parses addresses and networks joined by commas: `10.0.0.0/8, ::1`. Throws `TypeError` that names the one that is none. */
export const parseCidrs = (text: string): Cidrs => {
  const list = new BlockList();
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const [address = '', bits, ...rest] = part.split('/');
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const prefix = bits === undefined ? most : Number(bits);
    if (rest.length > 0 || bits === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > most) {
      throw new TypeError(`${part} is no IP address and no network`);
    }
    list.addSubnet(address, prefix, family(address));
  }
  return { has: (address) => isIP(address) !== 0 && list.check(address, family(address)) };
};

/**
 * Where a request came from: its peer, unless that is a proxy that is trusted; then the last address of `X-Forwarded-For` that
 * is no such proxy, for whatever stands before it anybody can have written.
 */
export const clientAddress = (req: Pick<IncomingMessage, 'headers' | 'socket'>, trusted: Cidrs): string => {
  let address = plain(req.socket.remoteAddress ?? '');
  const forwarded = req.headers['x-forwarded-for']?.toString().split(',') ?? [];
  while (trusted.has(address)) {
    const before = plain(forwarded.pop()?.trim() ?? '');
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
};

/** Whoever has an IPv6 address most often has its /64 with it. */
export const networkOf = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const first = [...before, ...zeros, ...after].slice(0, 4);
  return `${first.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')}::/64`;
};
