import { createApi } from '../api.ts';

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
  const owner = sessions[0]!.accessToken;
  if ((await api.servers(owner)).some(({ name }) => name === serverName)) return 0;

  const created = await api.request<{ id: string }>('POST', '/servers', {
    token: owner,
    body: { name: serverName },
    idempotencyKey: 'demo/server',
  });
  const server = await api.server(owner, created.body.id, created.position);
  const positions: (string | undefined)[] = [created.position];
  for (const { accessToken } of sessions.slice(1)) {
    const joined = await api.request('POST', `/invites/${server.inviteCode}/join`, {
      token: accessToken,
      idempotencyKey: 'demo/join',
      position: created.position,
    });
    positions.push(joined.position);
  }
  for (const [index, [speaker, content]] of conversation.entries()) {
    await api.request('POST', `/channels/${server.channels[0]!.id}/messages`, {
      token: sessions[speaker]!.accessToken,
      body: { content },
      idempotencyKey: `demo/message/${index}`,
      position: positions[speaker],
    });
  }
  return conversation.length;
};
