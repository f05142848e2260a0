import { fingerprint } from '@palaver/decider';
import { Refusal } from '@palaver/http';
import type { Give } from './commands.ts';
import { Busy, type Passwords } from './passwords.ts';
import type { Secrets } from './secrets.ts';
import { passwordPlace } from './sign-up.ts';

/** A password that was just proven, whose hash is of parameters that are not today's. */
export type Outdated = {
  readonly profileId: string;
  readonly passwordId: string;
  readonly password: string;
  readonly commandId: string;
  readonly timeMs: number;
  readonly traceparent: string;
};

/**
 * Hashes the password anew: a sign-in is the only time that its text is here. No sign-in fails for it: when many wait, or the log is away,
 * the next one does it.
 */
export const keepByTodaysParameters = async (
  { profileId, passwordId, password, commandId, timeMs, traceparent }: Outdated,
  { give, passwords, secrets }: { give: Give; passwords: Passwords; secrets: Secrets },
): Promise<void> => {
  try {
    const hash = await passwords.hash(password, secrets.passwordSalt(commandId));
    const passwordSealed = secrets.passwords.seal(Buffer.from(hash), passwordPlace(profileId));
    await give({
      id: commandId,
      type: 'RehashPassword',
      data: { profileId, passwordId, passwordSealed },
      actor: profileId,
      timeMs,
      traceparent,
      fingerprint: fingerprint(['RehashPassword', profileId, passwordId]),
    });
  } catch (error) {
    if (!(error instanceof Busy || error instanceof Refusal)) throw error;
  }
};
