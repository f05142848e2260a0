/** A registry refuses what cannot be read, and lets pass the rest: that is why we look ourselves. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { changes } from './changes.fixture.ts';
import { breaksOf } from './comparison.ts';

const registryUrl = process.env.PALAVER_TEST_REGISTRY;

const ask = async (method: string, path: string, body: object): Promise<unknown> => {
  const answer = await fetch(`${registryUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
};

test.each(changes)('the registry agrees: $name', async ({ before, after }) => {
  const subject = `test-${randomUUID()}`;
  await ask('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(before) });
  const accepts = async (compatibility: string): Promise<unknown> => {
    await ask('PUT', `/config/${subject}`, { compatibility });
    const path = `/compatibility/subjects/${subject}/versions/latest`;
    return ((await ask('POST', path, { schema: JSON.stringify(after) })) as { is_compatible: unknown }).is_compatible;
  };
  const breaks = breaksOf(before, after).filter(({ unreadable }) => unreadable);
  expect({ backward: await accepts('BACKWARD'), forward: await accepts('FORWARD') }).toEqual({
    backward: !breaks.some(({ hits }) => hits.includes('new readers')),
    forward: !breaks.some(({ hits }) => hits.includes('old readers')),
  });
});
