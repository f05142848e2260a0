import { setTimeout as delay } from 'node:timers/promises';
import { avroCodec, kafkaLog, TakenRecords } from '@palaver/event-log';
import { gatewayUrl } from '@palaver/http/testing';
import { type AuthEvent, eventSchemas, topics } from '@palaver/schemas';
import { expect, test } from 'vitest';
import { killProcess } from './house/control-client.ts';
import { required } from './testing.ts';

/**
 * `kill -9` of the auth service in the middle of sign-ups, three times: whoever asks again under the same key gets the one account, and of
 * whoever does not, the address has an account or is free.
 */

const marker = `Crash ${Date.now()}`;
type SignUp = { readonly email: string; readonly key: string };
const signUps = (kind: string, count: number): readonly SignUp[] =>
  Array.from({ length: count }, (_, index) => ({
    email: `${kind}-${Date.now()}-${index}@example.com`,
    key: crypto.randomUUID(),
  }));

const ask = async ({ email, key }: SignUp): Promise<{ status: number; id: string | null }> => {
  const answer = await fetch(`${gatewayUrl()}/api/auth/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ name: marker, email, password: 'correct horse battery' }),
    signal: AbortSignal.timeout(15_000),
  });
  const body = (await answer.json()) as { profile?: { id: string } };
  return { status: answer.status, id: body.profile?.id ?? null };
};

/** Asks until there is an answer that says so; throws with the last one when there is none in time. */
const insist = async (signUp: SignUp): Promise<string> => {
  const endMs = Date.now() + 90_000;
  let last: unknown;
  while (Date.now() < endMs) {
    last = await ask(signUp).catch((error: unknown) => error);
    const { status, id } = last as { status?: number; id?: string | null };
    if (status === 201 && id) return id;
    if (status !== undefined && status < 500 && status !== 429) break;
    await delay(200);
  }
  throw new Error(`${signUp.email} got no account; last seen: ${JSON.stringify(last)} ${last}`);
};

/** What the log says of these sign-ups: whose addresses were claimed, and which profiles were made; each as often as it was. */
const onTheLog = async (): Promise<{ claimed: readonly string[]; created: readonly string[] }> => {
  const log = kafkaLog({ brokers: required('PALAVER_TEST_KAFKA').split(','), clientId: 'sign-up-crash-test' });
  const codec = await avroCodec({ registryUrl: required('PALAVER_TEST_REGISTRY'), schemas: eventSchemas.auth });
  const claimed: string[] = [];
  const created: string[] = [];
  try {
    const topic = topics.find(({ name }) => name === 'auth.events')!;
    const taken = Array.from({ length: topic.partitions }, () => new TakenRecords(null));
    const ranges = taken.map((_, partition) => ({ partition, from: 0 }));
    await log.read(topic.name, ranges, ({ partition, records }) => {
      for (const record of records) {
        if (!taken[partition]!.take(record) || record.value === null) continue;
        const { type, data } = codec.decode(record.value) as AuthEvent;
        if (type === 'EmailClaimed' && data.name === marker) claimed.push(data.profileId);
        if (type === 'ProfileCreated' && data.name === marker) created.push(data.profileId);
      }
    });
  } finally {
    await log.close();
  }
  return { claimed: claimed.sort(), created: created.sort() };
};

test('every claimed address becomes one account, whatever dies in between', async () => {
  const [insisting, fleeting] = [signUps('insists', 90), signUps('goes-away', 45)];
  const answered: Promise<string>[] = [];
  const left: Promise<unknown>[] = [];
  // Three waves, each killed while it is under way.
  for (let wave = 0; wave < 3; wave += 1) {
    answered.push(...insisting.slice(wave * 30, (wave + 1) * 30).map(insist));
    left.push(...fleeting.slice(wave * 15, (wave + 1) * 15).map((one) => ask(one).catch(() => null)));
    await delay(250 + 200 * wave);
    await killProcess('auth');
    await Promise.race([Promise.all(answered.slice(-30)), delay(4_000)]);
  }
  const ids = await Promise.all(answered);
  await Promise.all(left);
  expect(new Set(ids).size).toBe(90);

  // Once more: the same key gives the same account.
  expect(await Promise.all(insisting.map(insist))).toEqual(ids);

  const settled = async () => {
    const { claimed, created } = await onTheLog();
    return {
      unfinished: claimed.filter((id) => !created.includes(id)),
      stray: created.filter((id) => !claimed.includes(id)),
    };
  };
  await expect.poll(settled, { timeout: 30_000, interval: 500 }).toEqual({ unfinished: [], stray: [] });
  const { claimed, created } = await onTheLog();
  expect(new Set(claimed).size).toBe(claimed.length);
  expect(created).toEqual(claimed);
  expect(claimed).toEqual(expect.arrayContaining(ids));
  expect(claimed.length).toBeLessThanOrEqual(135);
}, 240_000);
