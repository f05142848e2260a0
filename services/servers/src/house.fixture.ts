import { type Account, type Answer, api, signUp } from '@palaver/http/testing';

/** For `*.e2e.test.ts`: a server of the running house with somebody of every rank in it, one who was banned, and one who never was in it. */

export const people = ['owner', 'admin', 'moderator', 'guest', 'banned', 'outsider'] as const;
export type Person = (typeof people)[number];

export type World = {
  readonly serverId: string;
  readonly channelId: string;
  readonly inviteCode: string;
  readonly accounts: Readonly<Record<Person, Account>>;
  /** Asks below `/servers/:serverId`, as one of them: `as('guest', 'GET /members')`. The answer shows what all have done before. */
  as(
    person: Person | Pick<Account, 'token'>,
    operation: `${string} ${string}`,
    body?: unknown,
    headers?: object,
  ): Promise<Answer>;
  /** Asks anywhere, as one of them. */
  ask(
    person: Person | Pick<Account, 'token'>,
    operation: `${string} /${string}`,
    body?: unknown,
    headers?: object,
  ): Promise<Answer>;
  /** A new member, with the account's token. */
  newMember(name?: string): Promise<Account>;
};

const must = (answer: Answer): Answer => {
  if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
};

export const newWorld = async (name = 'Analytical Engine'): Promise<World> => {
  const made = await Promise.all(people.map(async (one) => [one, await signUp(one)] as const));
  const accounts = Object.fromEntries(made) as Record<Person, Account>;
  const created = must(await api('POST /servers', { token: accounts.owner.token, body: { name } }));
  const { id: serverId, inviteCode, channels } = created.body;
  // The server lies in one partition, so the last answer's position stands for all before.
  let last = created;
  const ask: World['ask'] = async (person, operation, body, headers = {}) => {
    const { token } = typeof person === 'string' ? accounts[person] : person;
    const about = { token, headers: { ...headers }, ...(body === undefined ? {} : { body }) };
    const answer = await api(operation, { ...about, after: last });
    if (answer.headers.get('palaver-position')?.startsWith('servers:')) last = answer;
    return answer;
  };
  const as: World['as'] = (person, operation, body, headers) => {
    const [method, path] = operation.split(' ') as [string, string];
    return ask(person, `${method} /servers/${serverId}${path}`, body, headers);
  };
  for (const one of ['admin', 'moderator', 'guest', 'banned'] as const)
    must(await ask(one, `POST /invites/${inviteCode}/join`));
  must(await as('owner', `PUT /members/${accounts.admin.id}/role`, { role: 'ADMIN' }));
  must(await as('owner', `PUT /members/${accounts.moderator.id}/role`, { role: 'MODERATOR' }));
  must(await as('owner', `PUT /bans/${accounts.banned.id}`));
  return {
    serverId,
    channelId: channels[0].id,
    inviteCode,
    accounts,
    as,
    ask,
    async newMember(memberName = 'Member') {
      const account = await signUp(memberName);
      must(await ask(account, `POST /invites/${inviteCode}/join`));
      return account;
    },
  };
};
