import type { JsonObject } from '@palaver/http';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, test } from 'vitest';
import { document, documents, routes } from './client/document.ts';

type Documented = {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> }>
  >;
};
const operations = new Map(
  Object.values(document.paths).flatMap((path) =>
    Object.values(path as Record<string, Documented>).map((one) => [one.operationId, one] as const),
  ),
);

test('the document passes the linter', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // Where it finds two, one has a fixed segment in place of an id, and no id is such a word.
      'no-ambiguous-paths': 'off',
      'operation-tag-defined': 'error',
    },
  });
  const faults = await lintFromString({ source: JSON.stringify(document), config });
  expect(faults.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
});

test('services that give a component the same name mean the same', () => {
  const named = new Map<string, string>();
  for (const { components } of documents) {
    for (const [kind, parts] of Object.entries(components)) {
      for (const [name, part] of Object.entries(parts as Record<string, JsonObject>)) {
        const [key, text] = [`${kind}/${name}`, JSON.stringify(part)];
        expect(named.get(key) ?? text, key).toBe(text);
        named.set(key, text);
      }
    }
  }
});

describe('the examples of', () => {
  test.each(routes.map((route) => [route.operationId, route] as const))('%s can be sent and answered', (id, route) => {
    const { requestBody, responses } = operations.get(id)!;
    const sent = requestBody?.content['application/json']?.example;
    if (route.body) expect(route.body.safeParse(sent)).toMatchObject({ success: true });
    const answered = responses[route.status]!.content?.['application/json'];
    if (answered) expect(route.response.safeParse(answered.example)).toMatchObject({ success: true });
  });
});
