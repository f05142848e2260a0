import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { variable } from '@palaver/runtime';
import { createTransport } from 'nodemailer';
import { z } from 'zod';

/** A mail to one person. Its text is plain: what these mails say needs no more, and no reader's images tell that it was read. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string };

/** Where mails go. `send` resolves when somebody else answers for the mail: the next mail server, or the disk. */
export type Mailer = {
  send(mail: Mail): Promise<void>;
  close(): void;
};

/** How long a mail server may keep us waiting, each time that it is its turn. */
const smtpTimeoutMs = 10_000;

/** Hands mails to a mail server. `url`: smtp: (with STARTTLS where the server offers it) or smtps:, with user and password if it wants them. */
export const smtpMailer = ({ url, from }: { url: string; from: string }): Mailer => {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: smtpTimeoutMs,
    greetingTimeout: smtpTimeoutMs,
    socketTimeout: smtpTimeoutMs,
    // A mail is what is written here: it names no files or addresses to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text }) {
      // As an object, an address is taken as it is: no list of several can hide in it.
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
    },
    close: () => transport.close(),
  };
};

/** Lays mails in a folder, one JSON file each, for a machine that has no mail server. A file with its name is whole. */
export const outboxMailer = ({ folder }: { folder: string }): Mailer => ({
  async send({ to, subject, text }) {
    // What lies in here lets its reader in, so it is its owner's alone.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const sentAt = new Date().toISOString();
    // Names sort by time.
    const path = join(folder, `${sentAt.replaceAll(':', '-')}-${randomUUID()}.json`);
    const unfinished = `${path}.tmp`;
    try {
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ to, subject, text, sentAt }, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  },
  close: () => {},
});

export const mailVariables = {
  smtpUrl: variable({
    name: 'PALAVER_SMTP_URL',
    parse: z.url({ protocol: /^smtps?$/ }),
    default: null as string | null,
    secret: true,
    doc: 'the mail server (smtp: or smtps:, with user and password if it wants them); without it mails go to the outbox',
  }),
  mailFrom: variable({
    name: 'PALAVER_MAIL_FROM',
    parse: z.string(),
    default: null as string | null,
    doc: 'who mails are from, for a mail server',
  }),
  mailOutbox: variable({
    name: 'PALAVER_MAIL_OUTBOX',
    parse: z.string(),
    default: null as string | null,
    doc: 'the folder that mails are laid in when there is no mail server',
  }),
};

export type MailConfig = {
  readonly smtpUrl: string | null;
  readonly mailFrom: string | null;
  readonly mailOutbox: string | null;
};

/** Throws when the environment leaves mails nowhere to go, so that this shows at the start and not at the first mail. */
export const mailerOf = ({ smtpUrl, mailFrom, mailOutbox }: MailConfig): Mailer => {
  if (smtpUrl !== null) {
    if (mailFrom === null) throw new Error('PALAVER_SMTP_URL needs PALAVER_MAIL_FROM');
    return smtpMailer({ url: smtpUrl, from: mailFrom });
  }
  if (mailOutbox === null) throw new Error('mails need PALAVER_SMTP_URL or PALAVER_MAIL_OUTBOX');
  return outboxMailer({ folder: mailOutbox });
};
