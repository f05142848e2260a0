import { expect, test } from 'vitest';
import { eventSchemas } from './schemas.ts';
import { type Upcaster, withUpcasters } from './upcasters.ts';

test('a schema carries the upcasters of its record alone', () => {
  const upcaster: Upcaster = { wrote: () => true, upcast: (written) => written };
  const carrying = withUpcasters(eventSchemas.messages, { MessagePosted: [upcaster] });
  expect(carrying).toHaveLength(eventSchemas.messages.length);
  for (const { fullName, upcasters } of carrying)
    expect(upcasters).toEqual(fullName.endsWith('.MessagePosted') ? [upcaster] : []);
});
