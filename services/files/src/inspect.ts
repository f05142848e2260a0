import type { FilePurpose, RejectReason } from '@palaver/schemas';
import { fileTypeFromBuffer, supportedMimeTypes } from 'file-type';
import { imageSize } from 'image-size';

/**
 * Whether a file is what its owner says it is. What has a signature must bear it, and what bears one must say so; of types without one, such
 * as texts, nothing can be told, which is one more reason why no file ever runs on our origin (`serve.ts`).
 */

/** Of a file, as many leading bytes as its type can be told by. */
export const leadingBytes = 64 * 1024;

export type Received = {
  readonly size: number;
  /** In hex. */
  readonly sha256: string;
  readonly leading: Uint8Array;
};
export type Announced = {
  readonly purpose: FilePurpose;
  readonly type: string;
  readonly size: number;
  readonly sha256: string | null;
};

export type Verdict =
  | { readonly kind: 'good'; readonly width: number | null; readonly height: number | null }
  | { readonly kind: 'bad'; readonly reason: RejectReason };

const bad = (reason: RejectReason): Verdict => ({ kind: 'bad', reason });

export const inspect = async (announced: Announced, { size, sha256, leading }: Received): Promise<Verdict> => {
  if (size === 0) return bad('EMPTY');
  if (size > announced.size) return bad('TOO_LARGE');
  if (announced.sha256 !== null && announced.sha256 !== sha256) return bad('CHECKSUM_MISMATCH');
  const found = (await fileTypeFromBuffer(leading))?.mime ?? null;
  // Some signatures are two letters, with which a text may begin.
  const isText = announced.type.startsWith('text/') && holdsText(leading);
  if (!isText && !agrees(announced.type, found)) return bad('TYPE_MISMATCH');
  const dimensions = dimensionsOf(announced.type, leading);
  if (announced.purpose !== 'ATTACHMENT' && dimensions.width === null) return bad('TYPE_MISMATCH');
  return { kind: 'good', ...dimensions };
};

/** UTF-8 without NUL; the last character may be cut. */
const holdsText = (leading: Uint8Array): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(leading, { stream: true });
    return !leading.includes(0);
  } catch {
    return false;
  }
};

/** Any file may be sent as bytes that mean nothing. */
const opaque = 'application/octet-stream';
/** Types that are archives of a kind, which their first bytes may not tell from others. */
const zipped =
  /^application\/(zip|x-zip-compressed|java-archive|epub\+zip|x-xpinstall|vnd\.(openxmlformats|oasis|ms-|android|comicbook).*)$/;
/** The same thing by other names. */
const synonyms: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-m4a': 'audio/mp4',
  'audio/m4a': 'audio/mp4',
  'video/x-m4v': 'video/mp4',
  'image/vnd.microsoft.icon': 'image/x-icon',
  'image/x-ms-bmp': 'image/bmp',
  'application/x-gzip': 'application/gzip',
  'application/x-tgz': 'application/gzip',
  'application/ogg': 'audio/ogg',
};
const canonical = (type: string): string => synonyms[type] ?? type;
/** Types that look alike from their first bytes: one container, or one markup. */
const families: readonly RegExp[] = [
  zipped,
  /^(audio|video)\/(mp4|quicktime|3gpp2?)$/,
  /^(audio|video)\/(webm|matroska|x-matroska)$/,
  /^(audio|video)\/ogg$/,
  /^(application|text)\/xml$|^application\/[a-z.-]+\+xml$|^image\/svg\+xml$/,
];

const agrees = (declared: string, found: string | null): boolean => {
  if (declared === opaque) return true;
  const [said, is] = [canonical(declared), found === null ? null : canonical(found)];
  if (said === is) return true;
  if (is !== null) return families.some((family) => family.test(said) && family.test(is));
  const signed = supportedMimeTypes.has(said) || supportedMimeTypes.has(declared);
  return !signed || families.at(-1)!.test(said);
};

const noDimensions = { width: null, height: null };
const mostPixels = 1_000_000;
const isSide = (pixels: unknown): boolean =>
  Number.isInteger(pixels) && (pixels as number) > 0 && (pixels as number) <= mostPixels;

/** As the image is shown: by EXIF, orientations from 5 on lie on their side. */
const dimensionsOf = (type: string, leading: Uint8Array) => {
  if (!type.startsWith('image/')) return noDimensions;
  try {
    const { width, height, orientation = 1 } = imageSize(leading);
    if (!isSide(width) || !isSide(height)) return noDimensions;
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return noDimensions;
  }
};
