import argon2 from 'argon2';

/**
 * OWASP's first choice of parameters for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. A hash takes about
 * 30 ms of one core.
 */
const parameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Characters, after normalization; checked before anything is hashed. */
export const passwordLength = { min: 8, max: 128 } as const;

/** The same password typed on different keyboards is the same text: NFC, as RFC 8265 (OpaqueString) has it. */
const normalized = (password: string): string => password.normalize('NFC');

/** More hashes wait than would be done in a bearable time; the sender should come again after `retryAfterSeconds`. */
export class Busy extends Error {
  override readonly name = 'Busy';
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('too many passwords wait to be hashed');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export type PasswordsOptions = {
  /** Hashes at the same time. They run in libuv's four threads, which files and names need too. */
  readonly maxInFlight?: number;
  /** Most that wait: 128, two at a time, are done in about two seconds. */
  readonly maxWaiting?: number;
};

export type Passwords = {
  /** The hash in PHC form; the same for the same salt (16 bytes). Throws `Busy`. */
  hash(password: string, salt: Buffer): Promise<string>;
  /**
   * Whether the password is the one of the hash. Takes the same time without a hash, against one that no password has, so that an
   * unknown account can't be told from a wrong password. Throws `Busy`.
   */
  verify(hash: string | null, password: string): Promise<boolean>;
  /** Whether it was made by other parameters than today's. */
  isOutdated(hash: string): boolean;
};

export const passwords = ({ maxInFlight = 2, maxWaiting = 128 }: PasswordsOptions = {}): Passwords => {
  const take = turns(maxInFlight, maxWaiting);
  const hash = (password: string, salt?: Buffer): Promise<string> =>
    take(() => argon2.hash(normalized(password), salt ? { ...parameters, salt } : parameters));
  const decoy = argon2.hash(crypto.randomUUID(), parameters);
  return {
    hash,
    async verify(known, password) {
      const against = known ?? (await decoy);
      const same = await take(() => argon2.verify(against, normalized(password)));
      return known !== null && same;
    },
    isOutdated: (known) => argon2.needsRehash(known, parameters),
  };
};

/** Runs at most `maxInFlight` tasks at once, the others in the order of their coming; throws `Busy` when too many wait. */
export const turns = (maxInFlight: number, maxWaiting: number) => {
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (inFlight < maxInFlight) inFlight++;
    else {
      if (waiting.length >= maxWaiting) throw new Busy(2);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await task();
    } finally {
      // A freed turn goes straight to the next in line, so that nobody can step in between.
      const next = waiting.shift();
      if (next) next();
      else inFlight--;
    }
  };
};
