/**
 * The header's value for a file name in any script (RFC 6266): in ASCII for old clients, and in UTF-8 by RFC 8187 for all others.
 * A path's separators become `_`, and so does what would break the header.
 */
export const contentDispositionOf = (kind: 'attachment' | 'inline', fileName: string): string => {
  const name = fileName.toWellFormed().replace(/[\p{Cc}/\\]/gu, '_');
  const ascii = name.replace(/[^\x20-\x7e]|["%]/gu, '_');
  const utf8 = encodeURIComponent(name).replace(/['()*]/g, percent);
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${utf8}`;
};

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
