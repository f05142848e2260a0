import { InvalidXMLError, S3Error } from 'minio';

/** There is no object of that key. */
export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound';
  readonly key: string;

  constructor(key: string) {
    super(`There is no object ${JSON.stringify(key)}`);
    this.key = key;
  }
}

/** There is no such upload: never begun, completed or aborted. */
export class UploadNotFound extends Error {
  override readonly name = 'UploadNotFound';
  readonly key: string;

  constructor(key: string) {
    super(`There is no such upload of ${JSON.stringify(key)}`);
    this.key = key;
  }
}

/** The range begins at or beyond the object's end. */
export class RangeNotSatisfiable extends Error {
  override readonly name = 'RangeNotSatisfiable';
  readonly key: string;

  constructor(key: string) {
    super(`The range lies beyond the end of ${JSON.stringify(key)}`);
    this.key = key;
  }
}

/** A body has more than `maxBytes`. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The body has more than ${maxBytes} bytes`);
    this.maxBytes = maxBytes;
  }
}

/** Parts that cannot be put together: one that is missing or of another ETag, or one before the last with less than `partBytes`. */
export class PartsRefused extends Error {
  override readonly name = 'PartsRefused';
  /** S3's: `InvalidPart`, `InvalidPartOrder` or `EntityTooSmall`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The store, or the bucket, cannot be reached now, fails (5xx) or says nothing for too long. Later it may work. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly timedOut: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly timedOut?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.timedOut = options.timedOut ?? false;
  }
}

/** The store answered, and will not do it: wrong keys of access, a clock that is off, something that it does not know. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused';
  /** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

const ours = [
  ObjectNotFound,
  UploadNotFound,
  RangeNotSatisfiable,
  TooLarge,
  PartsRefused,
  StoreUnavailable,
  StoreRefused,
];

/** What minio throws, as one of the errors above. What is no answer and no outage, a mistake of ours, comes back as it is. */
export const translated = (error: unknown, key: string): unknown => {
  if (ours.some((kind) => error instanceof kind)) return error;
  const answer = answerOf(error);
  if (answer !== undefined) return ofAnswer(answer, key, error);
  if (error instanceof InvalidXMLError || isOutage(error))
    return new StoreUnavailable(messageOf(error), { cause: error });
  return error;
};

type Answer = { readonly code: string; readonly message: string };

/** minio throws `S3Error` for an answer of 300 and above, and the bare `<Error>` as an object where that came with 200. */
const answerOf = (error: unknown): Answer | undefined => {
  if (error instanceof S3Error) return { code: error.code || 'Unknown', message: error.message };
  if (error instanceof Error || typeof error !== 'object' || error === null || !('Code' in error)) return undefined;
  return { code: String(error.Code), message: 'Message' in error ? String(error.Message) : '' };
};

const ofAnswer = ({ code, message }: Answer, key: string, cause: unknown): Error => {
  switch (code) {
    case 'NoSuchKey':
    case 'NotFound':
      return new ObjectNotFound(key);
    case 'NoSuchUpload':
      return new UploadNotFound(key);
    case 'InvalidRange':
      return new RangeNotSatisfiable(key);
    case 'InvalidPart':
    case 'InvalidPartOrder':
    case 'EntityTooSmall':
      return new PartsRefused(code, message);
    case 'NoSuchBucket':
    case 'InternalError':
    case 'RequestTimeout':
    case 'ServiceUnavailable':
    case 'SlowDown':
      return new StoreUnavailable(`${code}: ${message}`, { cause });
    default:
      return new StoreRefused(code, message, { cause });
  }
};

/** Errors of sockets, names and TLS have a code; so have the `TypeError`s of Node's checks, which are ours. */
const isOutage = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof TypeError) && 'code' in error && typeof error.code === 'string';

/** A refused connection to a name with several addresses is an `AggregateError`, which has no message. */
const messageOf = (error: unknown): string => {
  const { message, code } = error as Error & { readonly code?: string };
  return message || (code ?? 'no connection');
};
