import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AuthParts, authRoutes } from './routes.ts';

const routes = authRoutes({} as AuthParts);
const bodies = routes.flatMap(({ operationId, body }) => (body ? [[operationId, body] as const] : []));

describe('the documented requests', () => {
  test.each(bodies)('of %s can be sent as their examples say', (_, body) => {
    const { properties = {} } = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as {
      properties?: Record<string, { examples?: unknown[] }>;
    };
    const example = Object.fromEntries(Object.entries(properties).map(([name, { examples }]) => [name, examples?.[0]]));
    for (const [name, value] of Object.entries(example)) expect(value, name).toBeDefined();
    expect(body.safeParse(example)).toMatchObject({ success: true });
  });
});
