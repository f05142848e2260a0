import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readConfig } from '@palaver/runtime';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Mailer, mailerOf, mailVariables, outboxMailer, smtpMailer } from './mail.ts';

const mail = { to: 'ada@example.com', subject: 'Grüße', text: 'A line.\n\nhttps://example.com/?token=abc_-123\n' };

describe('the file outbox', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'palaver-mail-')), 'outbox');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  test('makes its folder, and lays each mail into a file of its own that only its owner can read', async () => {
    const mailer = outboxMailer({ folder });
    await Promise.all([mailer.send(mail), mailer.send({ ...mail, to: 'bob@example.com' })]);
    const names = await readdir(folder);
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^\d{4}-\d\d-\d\dT[\d.-]+Z-[\da-f-]{36}\.json$/);
    const mails = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))));
    expect(mails.map(({ to }) => to).sort()).toEqual(['ada@example.com', 'bob@example.com']);
    expect(mails.find(({ to }) => to === mail.to)).toEqual({ ...mail, sentAt: expect.any(String) });
    expect((await stat(join(folder, names[0]!))).mode & 0o077).toBe(0);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  test('is where mails go without a mail server', async () => {
    await mailerOf(readConfig(mailVariables, { PALAVER_MAIL_OUTBOX: folder })).send(mail);
    expect(await readdir(folder)).toHaveLength(1);
    expect(() => mailerOf(readConfig(mailVariables, {}))).toThrow('PALAVER_MAIL_OUTBOX');
  });

  test('says so when a mail cannot be laid down', async () => {
    await writeFile(folder, 'no folder');
    await expect(outboxMailer({ folder }).send(mail)).rejects.toThrow();
  });
});

describe('SMTP', () => {
  const received: { from: string; to: string[]; raw: string; user: string | undefined }[] = [];
  let server: SMTPServer;
  let mailer: Mailer;
  let port: number;

  beforeEach(async () => {
    received.length = 0;
    server = new SMTPServer({
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      authOptional: true,
      onAuth: ({ username, password }, _, done) =>
        password === 'right' ? done(null, { user: username }) : done(new Error('wrong password')),
      onRcptTo: ({ address }, _, done) => done(address.startsWith('nobody@') ? new Error('no such box') : null),
      onData: (stream, { envelope, user }, done) => {
        text(stream).then((raw) => {
          const from = envelope.mailFrom ? envelope.mailFrom.address : '';
          received.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw, user: user as string });
          done();
        }, done);
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    mailer.close();
    await new Promise<void>((resolve) => server.close(resolve));
  });
  const mailerAs = (login = '') =>
    smtpMailer({ url: `smtp://${login}127.0.0.1:${port}`, from: 'Palaver <no-reply@example.com>' });

  test('a mail arrives whole, at the one that it is for', async () => {
    mailer = mailerAs();
    await mailer.send(mail);
    expect(received).toHaveLength(1);
    const [{ from, to, raw }] = received as [(typeof received)[0]];
    expect({ from, to }).toEqual({ from: 'no-reply@example.com', to: [mail.to] });
    expect(raw).toContain('From: Palaver <no-reply@example.com>');
    expect(raw).toContain('Subject: =?UTF-8?');
    expect(raw).toContain('token=abc_-123');
  });

  test('it signs in as the address says', async () => {
    mailer = mailerAs('palaver:right@');
    await mailer.send(mail);
    expect(received.map(({ user }) => user)).toEqual(['palaver']);
  });

  test('a mail that the server does not take is an error', async () => {
    mailer = mailerAs();
    await expect(mailer.send({ ...mail, to: 'nobody@example.com' })).rejects.toThrow('no such box');
    mailer.close();
    mailer = mailerAs('palaver:wrong@');
    await expect(mailer.send(mail)).rejects.toThrow('wrong password');
    expect(received).toEqual([]);
  });

  test('the environment chooses it over the outbox', async () => {
    const url = `smtp://127.0.0.1:${port}`;
    const env = { PALAVER_SMTP_URL: url, PALAVER_MAIL_FROM: 'no-reply@example.com', PALAVER_MAIL_OUTBOX: '/nowhere' };
    mailer = mailerOf(readConfig(mailVariables, env));
    await mailer.send(mail);
    expect(received).toHaveLength(1);
    expect(() => mailerOf(readConfig(mailVariables, { PALAVER_SMTP_URL: url }))).toThrow('PALAVER_MAIL_FROM');
    expect(() => readConfig(mailVariables, { PALAVER_SMTP_URL: 'https://example.com' })).toThrow('PALAVER_SMTP_URL');
  });

  test('an address is one address', async () => {
    mailer = mailerAs();
    await mailer.send({ ...mail, to: 'a@example.com, eve@example.com' }).catch(() => {});
    expect(received.flatMap(({ to }) => to)).not.toContain('eve@example.com');
  });
});
