import { createApi } from '../api.ts';
import { done, headersOf } from '../client/client.ts';

/** The accounts of the demo; the first owns its server. Their passwords are no secrets. */
export const demoAccounts = [
  { name: 'Ada', email: 'ada@palaver.example', password: 'demo-password' },
  { name: 'Charles', email: 'charles@palaver.example', password: 'demo-password' },
  { name: 'Mary', email: 'mary@palaver.example', password: 'demo-password' },
] as const;

const serverName = 'Analytical Engine';

/** Who of `demoAccounts` says what. */
const conversation: readonly (readonly [number, string])[] = [
  [0, 'Welcome! Everything here is an event.'],
  [1, 'And if the tables are lost?'],
  [0, 'Then we fold the log again. `palaver rebuild all`'],
  [2, 'How do we know that it is the same?'],
  [0, '`palaver verify` compares every row.'],
];

/** Loads the demo through the public API; finds it there the next time. Returns how many messages it posted now. */
export const loadDemo = async (gatewayUrl: string, signal: AbortSignal): Promise<number> => {
  const api = createApi({ gatewayUrl, signal });
  const sessions = await Promise.all(demoAccounts.map((account) => api.enter(account)));
  const { client } = api;
  const token = sessions[0]!.accessToken;
  const servers = await done(client.GET('/servers', { headers: headersOf({ token }) }));
  if (servers.body.items.some(({ name }) => name === serverName)) return 0;

  const { body: server, position } = await done(
    client.POST('/servers', {
      headers: headersOf({ token, idempotencyKey: 'demo/server' }),
      body: { name: serverName },
    }),
  );
  const positions: (string | undefined)[] = [position];
  for (const { accessToken } of sessions.slice(1)) {
    const joined = await done(
      client.POST('/invites/{code}/join', {
        params: { path: { code: server.inviteCode } },
        headers: headersOf({ token: accessToken, idempotencyKey: 'demo/join', position }),
      }),
    );
    positions.push(joined.position);
  }
  const params = { path: { channelId: server.channels[0]!.id } };
  for (const [index, [speaker, content]] of conversation.entries()) {
    await done(
      client.POST('/channels/{channelId}/messages', {
        params,
        headers: headersOf({
          token: sessions[speaker]!.accessToken,
          idempotencyKey: `demo/message/${index}`,
          position: positions[speaker],
        }),
        body: { content },
      }),
    );
  }
  return conversation.length;
};
