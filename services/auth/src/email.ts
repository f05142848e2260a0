import { domainToASCII } from 'node:url';

/** Longest address that mail can carry (RFC 5321 4.5.3.1.3, less the angle brackets) and its longest local part. */
export const maxEmailLength = 254;
const maxLocalLength = 64;

/** Printable, and none of the characters that RFC 5322 allows only in quotes: quoted local parts are not taken. */
const localPart = /^[^\s\p{C}@"(),:;<>[\]\\]+$/u;
const domainName = /^(?=.{4,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])$/;

/**
 * The one form of an address by which two spellings are the same account: NFC, trimmed, lower case, the domain in ASCII.
 * Null when the text is no address.
 */
export const normalizeEmail = (text: string): string | null => {
  const trimmed = text.trim().toLowerCase().normalize('NFC');
  const at = trimmed.lastIndexOf('@');
  const local = trimmed.slice(0, Math.max(at, 0));
  const domain = domainToASCII(trimmed.slice(at + 1));
  if (local.length > maxLocalLength || !localPart.test(local) || local.startsWith('.') || local.endsWith('.'))
    return null;
  const email = `${local}@${domain}`;
  return domainName.test(domain) && email.length <= maxEmailLength ? email : null;
};
