import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@palaver/runtime';
import type { Mail, Mailer } from './mail.ts';

/**
 * What this service writes to people. Tokens are mailed by the requests that ask for them, and none waits: how long a mail takes, or that it
 * fails, would say whether there is an account. So a crash may lose one; whoever misses it asks again. Notices follow the events
 * (`notices.ts`), which wait for them. Each promise is kept when the mail is handed over, or given up.
 */
export type Mails = {
  confirmEmail(mail: TokenMail): Promise<void>;
  resetPassword(mail: TokenMail): Promise<void>;
  /** To the address that was the account's before. */
  emailChanged(mail: { readonly to: string }): Promise<void>;
  passwordChanged(mail: { readonly to: string }): Promise<void>;
  /** Waits, bounded, for those on their way. */
  close(): Promise<void>;
};

/** `token` goes to this address alone. */
export type TokenMail = { readonly to: string; readonly token: string; readonly expiresAtMs: number };

export type MailsOptions = {
  readonly mailer: Mailer;
  /** Where the client shows the pages `/confirm-email` and `/reset-password`, each with `#token=`; null: mails hold the bare token. */
  readonly appUrl: string | null;
  readonly logger: Pick<Logger, 'warn'>;
  /** Pauses before the second and each further try, ms. */
  readonly pausesMs?: readonly number[];
};

const closeWithinMs = 5_000;

export const createMails = ({ mailer, appUrl, logger, pausesMs = [1_000, 5_000, 30_000] }: MailsOptions): Mails => {
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  const deliver = async (mail: Mail): Promise<void> => {
    for (const pauseMs of [...pausesMs, null]) {
      try {
        await mailer.send(mail);
        return;
      } catch (error) {
        // Of an error only its code: its text may hold the address.
        const code = (error as { code?: unknown }).code ?? 'unknown';
        if (pauseMs === null) {
          logger.warn({ code, subject: mail.subject }, 'a mail was given up');
          return;
        }
        await pause(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };
  const send = (mail: Mail): Promise<void> => {
    const sending = deliver(mail).finally(() => underWay.delete(sending));
    underWay.add(sending);
    return sending;
  };
  // Behind `#`, so that no server on the way, and no log of one, ever sees the token.
  const link = (page: string, token: string): string => (appUrl === null ? token : `${appUrl}/${page}#token=${token}`);
  const until = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

  return {
    confirmEmail: ({ to, token, expiresAtMs }) =>
      send({
        to,
        subject: 'Confirm your address',
        text: `Somebody, hopefully you, wants this address for their account. To confirm it, use this until ${until(expiresAtMs)}:\n\n${link('confirm-email', token)}\n\nIf it was not you, do nothing.\n`,
      }),
    resetPassword: ({ to, token, expiresAtMs }) =>
      send({
        to,
        subject: 'Choose a new password',
        text: `Somebody, hopefully you, has forgotten the password of your account. To choose a new one, use this until ${until(expiresAtMs)}:\n\n${link('reset-password', token)}\n\nIf it was not you, do nothing: the password stays as it is.\n`,
      }),
    emailChanged: ({ to }) =>
      send({
        to,
        subject: 'Your account has another address',
        text: 'Your account was given another address, and this one is not its own any more. If it was not you, write to who runs this chat.\n',
      }),
    passwordChanged: ({ to }) =>
      send({
        to,
        subject: 'Your password was changed',
        text: 'The password of your account was changed, and you were signed out elsewhere. If it was not you, choose a new one by "forgot password".\n',
      }),
    async close() {
      closing.abort();
      await Promise.race([Promise.all(underWay), pause(closeWithinMs, undefined, { ref: false })]);
      mailer.close();
    },
  };
};
