import { contentDispositionOf } from '@palaver/object-store';

/**
 * How a file is handed out so that nothing that was uploaded ever runs on our origin: its type is not guessed (`nosniff`), what could hold
 * code is only saved, never shown, and whatever is shown stands in a sandbox.
 */

/** Pixels and sounds, which hold no code. */
const shown = /^(image\/(png|jpe?g|gif|webp|avif)|(audio|video)\/(mp4|mpeg|webm|ogg|wav))$/;

export const dispositionOf = ({ name, type }: { readonly name: string; readonly type: string }): string =>
  contentDispositionOf(shown.test(type) ? 'inline' : 'attachment', name);

/** `shared`: whether caches between us and whoever asks may keep it, since everybody may see it. */
export const headersOf = (
  file: { readonly name: string; readonly type: string },
  { shared = false } = {},
): Readonly<Record<string, string>> => ({
  'Content-Type': file.type,
  'Content-Disposition': dispositionOf(file),
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Cache-Control': `${shared ? 'public' : 'private'}, max-age=31536000, immutable`,
});
