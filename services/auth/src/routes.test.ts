import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AuthParts, authRoutes } from './routes.ts';

const routes = authRoutes({} as AuthParts);
const bodies = routes.flatMap(({ operationId, body }) => (body ? [[operationId, body] as const] : []));

describe('the documented requests', () => {
  test.each(bodies)('of %s can be sent as their examples say', (_, body) => {
    const { properties = {}, required = [] } = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as {
      properties?: Record<string, { examples?: unknown[] }>;
      required?: string[];
    };
    const example = Object.fromEntries(
      Object.entries(properties).flatMap(([name, { examples }]) => (examples ? [[name, examples[0]]] : [])),
    );
    for (const name of required) expect(example, name).toHaveProperty(name);
    expect(body.safeParse(example)).toMatchObject({ success: true });
  });
});
