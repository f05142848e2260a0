const maxKeyBytes = 1024;
const control = /\p{Cc}/u;

/**
 * Throws `TypeError` for a key that some store, or something on the way to it, would take for another one: URLs lose `.` and `..`, file
 * systems lose empty segments, XML has no control characters, and minio's parser trims blanks, reads digits as a number and leaves quotation
 * marks as a MinIO server escapes them.
 */
export const checkKey = (key: string): void => {
  const fault = faultOf(key);
  if (fault !== undefined) throw new TypeError(`The key ${JSON.stringify(key)} ${fault}`);
};

const faultOf = (key: string): string | undefined => {
  if (key === '') return 'is empty';
  if (!key.isWellFormed()) return 'is not well-formed Unicode';
  if (Buffer.byteLength(key) > maxKeyBytes) return `has more than ${maxKeyBytes} bytes`;
  if (control.test(key)) return 'has a control character';
  if (/["']/.test(key)) return 'has a quotation mark';
  if (key !== key.trim()) return 'begins or ends with a blank';
  if (Number.isFinite(Number(key))) return 'is a number';
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty segment';
  if (segments.includes('.') || segments.includes('..')) return 'has a segment . or ..';
  return undefined;
};
