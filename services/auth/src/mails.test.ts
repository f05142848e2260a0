import { describe, expect, test } from 'vitest';
import type { Mail } from './mail.ts';
import { createMails } from './mails.ts';

/** A mailer that fails as often as it is told, and then keeps what it gets. */
const mailsWith = ({ failures = 0, appUrl = null as string | null, pausesMs = [1, 1] } = {}) => {
  const sent: Mail[] = [];
  const warnings: object[] = [];
  let left = failures;
  let closed = false;
  const mailer = {
    send: async (mail: Mail) => {
      if (left-- > 0) throw Object.assign(new Error(`no such user: ${mail.to}`), { code: 'EENVELOPE' });
      sent.push(mail);
    },
    close: () => {
      closed = true;
    },
  };
  const logger = { warn: (about: object) => warnings.push(about) };
  const mails = createMails({ mailer, appUrl, logger: logger as never, pausesMs });
  return { mails, sent, warnings, isClosed: () => closed };
};
const to = 'ada@example.com';
const token = { to, token: 'the-token', expiresAtMs: Date.UTC(2026, 0, 1, 12, 30) };

describe('mails', () => {
  test('hold the token, or a link with it where there is an app', async () => {
    const bare = mailsWith();
    void bare.mails.resetPassword(token);
    void bare.mails.confirmEmail(token);
    await bare.mails.close();
    expect(bare.sent.map((mail) => mail.to)).toEqual([to, to]);
    for (const { text } of bare.sent) expect(text).toMatch(/until 2026-01-01 12:30 UTC:\n\nthe-token\n/);
    const linked = mailsWith({ appUrl: 'https://chat.example.com' });
    void linked.mails.resetPassword(token);
    void linked.mails.confirmEmail(token);
    await linked.mails.close();
    expect(linked.sent[0]!.text).toContain('\nhttps://chat.example.com/reset-password#token=the-token\n');
    expect(linked.sent[1]!.text).toContain('\nhttps://chat.example.com/confirm-email#token=the-token\n');
  });

  test('are tried again, and given up without a word of whom they were for', async () => {
    const again = mailsWith({ failures: 2 });
    void again.mails.passwordChanged({ to });
    await expect.poll(() => again.sent.length).toBe(1);
    const never = mailsWith({ failures: 3 });
    void never.mails.emailChanged({ to });
    await expect.poll(() => never.warnings.length).toBe(1);
    expect(never.sent).toEqual([]);
    expect(JSON.stringify(never.warnings)).not.toContain('ada');
  });

  test('on their way are tried once more, at once, when the process stops', async () => {
    const stopped = mailsWith({ failures: 1, pausesMs: [60_000] });
    void stopped.mails.passwordChanged({ to });
    await stopped.mails.close();
    expect(stopped.sent).toHaveLength(1);
    expect(stopped.isClosed()).toBe(true);
  });
});
