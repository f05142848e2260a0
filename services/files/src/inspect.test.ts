import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FilePurpose } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { inspect } from './inspect.ts';
import { cleanName } from './name.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEklEQVQImWP4z8AAQVDqPwMDAEHSBfsYFwTiAAAAAElFTkSuQmCC',
  'base64',
);
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const zip = Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64');
const look = (
  type: string,
  leading: Buffer,
  about: Partial<{ size: number; announced: number; sha256: string | null; purpose: FilePurpose }> = {},
) => {
  const size = about.size ?? leading.length;
  const sha256 = createHash('sha256').update(leading).digest('hex');
  const { announced: most = 1_000_000, sha256: said = null, purpose = 'ATTACHMENT' } = about;
  const announced = { purpose, type, size: most, sha256: said };
  return inspect(announced, { size, sha256, leading });
};
const good = { kind: 'good', width: null, height: null };
const bad = (reason: string) => ({ kind: 'bad', reason });

describe('a file', () => {
  test('that is what it says is good, an image with its dimensions', async () => {
    expect(await look('image/png', png)).toEqual({ kind: 'good', width: 3, height: 2 });
    expect(await look('image/gif', gif)).toEqual({ kind: 'good', width: 1, height: 1 });
    expect(await look('application/zip', zip)).toEqual(good);
    expect(await look('text/plain', Buffer.from('hello'))).toEqual(good);
    expect(await look('text/html', Buffer.from('<!doctype html><script>alert(1)</script>'))).toEqual(good);
    expect(await look('application/gzip', gzipSync('hello'))).toEqual(good);
    expect(await look('application/x-gzip', gzipSync('hello'))).toEqual(good);
    expect(await look('image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toEqual(good);
  });
  test('that is a picture has dimensions', async () => {
    const headless = Buffer.from('RIFF\x04\0\0\0WEBPnone');
    expect(await look('image/webp', headless)).toEqual(good);
    expect(await look('image/webp', headless, { purpose: 'AVATAR' })).toEqual(bad('TYPE_MISMATCH'));
    expect(await look('image/png', png, { purpose: 'AVATAR' })).toEqual({ kind: 'good', width: 3, height: 2 });
  });
  test.each([
    'MZ, said the cat',
    'BM is no bitmap',
    'ID3 tags are old',
    '<?xml version="1.0"?><a/>',
    '%!PS is a beginning',
  ])('may be a text that begins with %s', async (text) => {
    expect(await look('text/plain', Buffer.from(text))).toEqual(good);
  });
  test.each(['width="99999999999" height="5"', 'width="1e30" height="1"', 'viewBox="a b c d"', 'width="0" height="0"'])(
    'with the impossible dimensions %s has none',
    async (attributes) => {
      const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}></svg>`);
      expect(await look('image/svg+xml', svg)).toEqual(good);
    },
  );
  test('may be sent as bytes that mean nothing', async () => {
    expect(await look('application/octet-stream', zip)).toEqual(good);
  });
  test.each([
    ['image/png', zip],
    ['image/png', Buffer.from('hello')],
    ['image/jpeg', png],
    ['text/plain', png],
    ['text/plain', zip],
    ['application/pdf', Buffer.from('not a pdf')],
    ['image/png', Buffer.from('X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*')],
    ['image/png', Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1')],
  ])('that says %s and is not lies', async (type, leading) => {
    expect(await look(type, leading)).toEqual(bad('TYPE_MISMATCH'));
  });
  test('has a size, and no greater one than was announced', async () => {
    expect(await look('text/plain', Buffer.alloc(0))).toEqual(bad('EMPTY'));
    expect(await look('text/plain', Buffer.from('hello'), { announced: 4 })).toEqual(bad('TOO_LARGE'));
    expect(await look('text/plain', Buffer.from('hello'), { announced: 5 })).toEqual(good);
  });
  test('has the checksum that was announced', async () => {
    const text = Buffer.from('hello');
    const sha256 = createHash('sha256').update(text).digest('hex');
    expect(await look('text/plain', text, { sha256 })).toEqual(good);
    expect(await look('text/plain', text, { sha256: 'a'.repeat(64) })).toEqual(bad('CHECKSUM_MISMATCH'));
  });
});

describe('a name', () => {
  test.each([
    ['cat.png', 'cat.png'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ada\\cat.png', 'cat.png'],
    ['ka\u0308tzchen "1".png', 'kätzchen "1".png'],
    ['a\r\nSet-Cookie: x', 'aSet-Cookie: x'],
    ['gpj.\u202eexe', 'gpj.exe'],
    ['..', 'file'],
    ['', 'file'],
    ['/', 'file'],
    ['\u{1F63A}'.repeat(300), '\u{1F63A}'.repeat(255)],
    ['\ud800x', '\ufffdx'],
  ])('%j becomes %j', (given, name) => {
    expect(cleanName(given)).toBe(name);
  });
});
