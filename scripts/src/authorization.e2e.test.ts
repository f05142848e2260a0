import { type Account, type Answer, api, gatewayUrl, password, signUp } from '@palaver/http/testing';
import { beforeAll, describe, expect, test, vi } from 'vitest';

/** Every operation of the API, asked by everybody: who may, and what the others are told. */

const people = ['nobody', 'outsider', 'guest', 'moderator', 'admin', 'owner', 'banned'] as const;
type Person = (typeof people)[number];

/**
 * Statuses. A row begins with its operation; what comes in brackets is how it is asked otherwise. Nobody has no token, the outsider
 * was never in the server, the banned one is kept out of it.
 */
const table = `
                                     nobody outsider guest moderator admin owner banned
  signUp                             201    201      201   201       201   201   201
  signIn                             200    200      200   200       200   200   200
  refreshSession                     200    200      200   200       200   200   200
  verifyToken                        200    200      200   200       200   200   200
  getKeys                            200    200      200   200       200   200   200
  forgotPassword                     202    202      202   202       202   202   202
  resetPassword (no such token)      401    401      401   401       401   401   401
  confirmEmail (no such token)       401    401      401   401       401   401   401
  signOut                            401    204      204   204       204   204   204
  listSessions                       401    200      200   200       200   200   200
  endSession                         401    204      204   204       204   204   204
  endSession (of another)            401    404      404   404       404   404   404
  endSessions                        401    200      200   200       200   200   200
  getOwnProfile                      401    200      200   200       200   200   200
  changeProfile                      401    200      200   200       200   200   200
  getProfile                         401    200      200   200       200   200   200
  changeEmail                        401    202      202   202       202   202   202
  changePassword                     401    204      204   204       204   204   204
  deleteAccount                      401    204      204   204       204   204   204

  createServer                       401    201      201   201       201   201   201
  listServers                        401    200      200   200       200   200   200
  getServer                          401    404      200   200       200   200   404
  getServer (by HEAD)                401    404      200   200       200   200   404
  changeServer                       401    404      403   403       200   200   404
  transferOwnership                  401    404      403   403       403   204   404
  deleteServer                       401    404      403   403       403   204   404
  listAuditLog                       401    404      403   403       200   200   404
  createChannel                      401    404      403   403       201   201   404
  getChannel                         401    404      200   200       200   200   404
  getChannel (hidden from guests)    401    404      404   200       200   200   404
  changeChannel                      401    404      403   403       200   200   404
  deleteChannel                      401    404      403   403       204   204   404
  setRoleOverwrite                   401    404      403   403       204   204   404
  removeRoleOverwrite                401    404      403   403       204   204   404
  setMemberOverwrite                 401    404      403   403       204   204   404
  removeMemberOverwrite              401    404      403   403       204   204   404
  listMembers                        401    404      200   200       200   200   404
  getMember                          401    404      200   200       200   200   404
  leaveServer                        401    204      204   204       204   409   204
  kickMember                         401    404      403   204       204   204   404
  kickMember (an admin)              401    404      403   403       403   204   404
  changeMemberRole                   401    404      403   403       204   204   404
  changeMemberRole (to ADMIN)        401    404      403   403       403   204   404
  changeNickname                     401    404      403   403       204   204   404
  changeNickname (their own)         401    404      204   204       204   204   404
  timeOutMember                      401    404      403   204       204   204   404
  endTimeOut                         401    404      403   204       204   204   404
  listBans                           401    404      403   200       200   200   404
  banMember                          401    404      403   204       204   204   404
  unbanMember                        401    404      403   204       204   204   404
  createInvite                       401    404      403   201       201   201   404
  createInvite (that grants)         401    404      403   403       201   201   404
  listInvites                        401    404      403   403       200   200   404
  revokeInvite                       401    404      403   403       204   204   404
  getInvite                          401    200      200   200       200   200   200
  joinServer                         401    200      200   200       200   200   403

  postMessage                        401    404      201   201       201   201   404
  postMessage (from elsewhere)       401    404      403   403       201   201   404
  postMessage (while timed out)      401    404      403   403       403   201   404
  listMessages                       401    404      200   200       200   200   404
  getMessage                         401    404      200   200       200   200   404
  editMessage                        401    404      403   403       403   403   404
  editMessage (their own)            401    404      200   200       200   200   404
  listVersions                       401    404      403   200       200   200   404
  deleteMessage                      401    404      403   204       204   204   404
  deleteMessage (their own)          401    404      204   204       204   204   404
  deleteMessages                     401    404      403   200       200   200   404
  listPins                           401    404      200   200       200   200   404
  pinMessage                         401    404      403   204       204   204   404
  unpinMessage                       401    404      403   204       204   204   404
  addReaction                        401    404      200   200       200   200   404
  removeReaction                     401    404      200   200       200   200   404
  listReactions                      401    404      200   200       200   200   404
  markRead                           401    404      200   200       200   200   404
  getReadState                       401    404      200   200       200   200   404
  listReadStates                     401    404      200   200       200   200   404
  searchMessages                     401    404      200   200       200   200   404
  beginTyping                        401    404      204   204       204   204   404
  listTyping                         401    404      200   200       200   200   404
  openDirectChannel                  401    201      201   201       201   201   201
  listDirectChannels                 401    200      200   200       200   200   200
  getDirectChannel                   401    404      200   200       200   200   404
  addParticipant                     401    404      204   204       204   204   404
  leaveDirectChannel                 401    404      204   204       204   204   404
  listBlocks                         401    200      200   200       200   200   200
  blockProfile                       401    204      204   204       204   204   204
  unblockProfile                     401    204      204   204       204   204   204

  uploadFile                         401    404      201   201       201   201   404
  beginUpload                        401    404      201   201       201   201   404
  getUpload                          401    404      200   200       200   200   404
  getUploadPart                      401    404      200   200       200   200   404
  completeUpload                     401    404      200   200       200   200   404
  abortUpload                        401    404      204   204       204   204   404
  listFiles                          401    200      200   200       200   200   200
  getFile                            401    404      200   200       200   200   404
  getFile (on no message yet)        401    404      404   404       404   404   404
  downloadFile                       401    404      200   200       200   200   404
  downloadThumbnail                  401    404      200   200       200   200   404
  getPicture (of no profile)         404    404      404   404       404   404   404
  getFileAddress                     401    404      200   200       200   200   404
  deleteFile                         401    404      404   404       404   404   404
  deleteFile (their own)             401    404      204   204       204   204   404
`;

const rows = table
  .trim()
  .split('\n')
  .slice(1)
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name, statuses] = /^ *(\w+(?: \(.*\))?) +([\d ]+)$/.exec(line)!;
    return [name!, statuses!.trim().split(/ +/).map(Number)] as const;
  });
const operationIdOf = (row: string): string => row.split(' ')[0]!;

// The document: where an operation is, and whether it asks for a token.

type Operation = { readonly method: string; readonly path: string; readonly needsToken: boolean };
let operations: ReadonlyMap<string, Operation>;

const documented = async (): Promise<typeof operations> => {
  const { body } = await api('GET /openapi.json');
  type Described = { operationId: string; security?: readonly unknown[] };
  const paths = Object.entries(body.paths as Record<string, Record<string, Described>>);
  return new Map(
    paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, security = [] }]) => [
        operationId,
        { method: method.toUpperCase(), path, needsToken: security.length > 0 },
      ]),
    ),
  );
};

// The world: a server with somebody of every rank in it, and what they have left there.

type World = {
  readonly accounts: Readonly<Record<Exclude<Person, 'nobody'>, Account>>;
  /** Members besides: who wrote what there is, and who is done something to. */
  readonly author: Account;
  readonly subject: Account;
  /** In no server. */
  readonly friend: Account;
  readonly stranger: Account;
  readonly sparedChannelId: string;
  readonly hiddenChannelId: string;
  readonly params: Readonly<Record<string, string>>;
};
let world: World;

const members = ['guest', 'moderator', 'admin', 'owner'] as const satisfies readonly Person[];
const isMember = (person: Person): person is (typeof members)[number] =>
  (members as readonly Person[]).includes(person);

/** Where all that was made lies on the log: who asks next sees it. */
const positions = new Map<string, number>();
const see = (answer: Answer): Answer => {
  for (const one of answer.headers.get('palaver-position')?.split(',') ?? []) {
    const [partition, offset] = one.split('@') as [string, string];
    positions.set(partition, Math.max(Number(offset), positions.get(partition) ?? -1));
  }
  return answer;
};
const seen = (): Record<string, string> =>
  positions.size === 0
    ? {}
    : { 'palaver-position': [...positions].map(([partition, offset]) => `${partition}@${offset}`).join(',') };

/** Asks for what is needed; throws when it is refused. */
const must = async (by: Account, operation: `${string} /${string}`, body?: unknown): Promise<Answer['body']> => {
  const answer = await api(operation, { token: by.token, headers: seen(), ...(body === undefined ? {} : { body }) });
  if (answer.status >= 300) throw new Error(`${operation} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return see(answer).body;
};

let names = 0;
const newName = (): string => {
  names += 1;
  return `name-${names}`;
};
const newEmail = (): string => `${newName()}-${Date.now()}@example.com`;

const join = async (account: Account, inviteCode: string): Promise<Account> => {
  await must(account, `POST /invites/${inviteCode}/join`);
  return account;
};

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEklEQVQImWP4z8AAQVDqPwMDAEHSBfsYFwTiAAAAAElFTkSuQmCC',
  'base64',
);
const formOf = (fields: Readonly<Record<string, string>> = {}): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([png], { type: 'image/png' }), 'cat.png');
  return form;
};
const newFile = async (by: Account, channelId: string): Promise<string> => {
  const response = await fetch(`${gatewayUrl()}/api/files?channelId=${channelId}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by.token}`, ...seen() },
    body: formOf(),
  });
  const body: Answer['body'] = await response.json();
  if (response.status !== 201) throw new Error(`an upload answered ${response.status}: ${JSON.stringify(body)}`);
  see({ status: 201, headers: response.headers, body });
  return body.id;
};

const newWorld = async (): Promise<World> => {
  const names = [...people.filter((one) => one !== 'nobody'), 'author', 'subject', 'friend', 'stranger'] as const;
  const made = await Promise.all(names.map(async (one) => [one, await signUp(one)] as const));
  const { author, subject, friend, stranger, ...accounts } = Object.fromEntries(made) as Record<
    (typeof names)[number],
    Account
  >;
  const { owner, admin, moderator, guest, banned } = accounts;
  const { id: serverId, inviteCode, channels } = await must(owner, 'POST /servers', { name: 'Analytical Engine' });
  await Promise.all([admin, moderator, guest, banned, author, subject].map((one) => join(one, inviteCode)));
  const ofServer = (operation: string, body?: unknown) =>
    must(owner, operation.replace(' ', ` /servers/${serverId}`) as `${string} /${string}`, body);
  await ofServer(`PUT /members/${admin.id}/role`, { role: 'ADMIN' });
  await ofServer(`PUT /members/${moderator.id}/role`, { role: 'MODERATOR' });
  await ofServer(`PUT /bans/${banned.id}`);
  const sparedChannelId = (await ofServer('POST /channels', { name: 'spared' })).id;
  const hiddenChannelId = (await ofServer('POST /channels', { name: 'hidden' })).id;
  await ofServer(`PUT /channels/${hiddenChannelId}/overwrites/roles/GUEST`, { deny: ['VIEW_CHANNEL'] });
  const channelId = channels[0].id;
  const fileId = await newFile(author, channelId);
  const message = await must(author, `POST /channels/${channelId}/messages`, {
    content: 'look',
    attachments: [fileId],
  });
  const thumbnail = async () => (await must(author, `GET /files/${fileId}`)).thumbnail;
  await vi.waitUntil(thumbnail, { timeout: 20_000, interval: 100 });
  return {
    accounts,
    author,
    subject,
    friend,
    stranger,
    sparedChannelId,
    hiddenChannelId,
    params: {
      serverId,
      channelId,
      fileId,
      messageId: message.id,
      code: inviteCode,
      profileId: subject.id,
      role: 'GUEST',
      emoji: encodeURIComponent('👍'),
      part: '1',
    },
  };
};

// What is asked: of the world as it stands, or of something made for this one question, where the answer would change the next ones.

type Params = Readonly<Record<string, string>>;
type Asked = {
  /** Who asks, when it is not the world's own. */
  readonly by?: Account;
  /** HEAD instead of GET. */
  readonly method?: 'HEAD';
  readonly params?: Params;
  readonly query?: string;
  readonly body?: unknown;
  readonly form?: FormData;
};

const here = (path = ''): string => `/servers/${world.params.serverId}${path}`;
/** A member's own; of others, who can have nothing there, the author's. */
const ownerOf = (person: Person): Account => (isMember(person) ? world.accounts[person] : world.author);

const newPerson = async (person: Person): Promise<Account> => {
  const account = await signUp(person);
  const { owner } = world.accounts;
  if (person === 'owner') await must(account, 'POST /servers', { name: 'Another' });
  else if (isMember(person)) await join(account, world.params.code!);
  if (person === 'admin' || person === 'moderator') {
    await must(owner, `PUT ${here(`/members/${account.id}/role`)}` as 'PUT /', { role: person.toUpperCase() });
  }
  if (person === 'banned') await must(owner, `PUT ${here(`/bans/${account.id}`)}` as 'PUT /');
  return account;
};
const newMember = async (): Promise<Account> => join(await signUp('Member'), world.params.code!);
const newSession = async (person: Person) => {
  const { email } = person === 'nobody' ? world.author : world.accounts[person];
  const answer = see(await api('POST /auth/signin', { body: { email, password } }));
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const newServer = async (person: Person): Promise<Params> => {
  if (person !== 'owner') return {};
  const created = await must(world.accounts.owner, 'POST /servers', { name: 'Another' });
  await join(world.subject, created.inviteCode);
  return { serverId: created.id };
};
const newChannel = async (overwrite?: `roles/${string}` | `members/${string}`): Promise<Params> => {
  const { owner } = world.accounts;
  const { id } = await must(owner, `POST ${here('/channels')}` as 'POST /', { name: newName() });
  const path = here(`/channels/${id}/overwrites/${overwrite}`);
  if (overwrite) await must(owner, `PUT ${path}` as 'PUT /', { deny: ['ATTACH_FILES'] });
  return { channelId: id };
};
const newMessage = async (by: Account): Promise<string> =>
  (await must(by, `POST /channels/${world.params.channelId}/messages`, { content: 'hello' })).id;
const newGroup = async (): Promise<Params> => {
  const { owner, admin, moderator, guest } = world.accounts;
  const profileIds = [admin, moderator, guest].map(({ id }) => id);
  return { channelId: (await must(owner, 'POST /direct-channels', { profileIds })).id, profileId: world.friend.id };
};
const newUpload = async (by: Account, about: object = {}): Promise<Answer['body']> =>
  must(by, 'POST /files/uploads', { ...upload(), ...about });
const upload = () => ({ channelId: world.params.channelId, name: 'cat.png', type: 'image/png', size: png.length });
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

/** As long as one is, and of no mail. */
const mailToken = 'A'.repeat(116);

const asked: Readonly<Record<string, (person: Person) => Asked | Promise<Asked>>> = {
  signUp: () => ({ body: { name: 'Ada', email: newEmail(), password } }),
  signIn: (person) => ({ body: { email: ownerOf(person).email, password } }),
  refreshSession: async (person) => ({ body: { refreshToken: (await newSession(person)).refreshToken } }),
  verifyToken: (person) => ({ body: { token: ownerOf(person).token } }),
  forgotPassword: () => ({ body: { email: newEmail() } }),
  'resetPassword (no such token)': () => ({ body: { token: mailToken, newPassword: 'battery staple horse' } }),
  'confirmEmail (no such token)': () => ({ body: { token: mailToken } }),
  signOut: async (person) => ({ by: { ...ownerOf(person), token: (await newSession(person)).accessToken } }),
  endSession: async (person) => ({ params: { sessionId: (await newSession(person)).sessionId } }),
  'endSession (of another)': async () => ({ params: { sessionId: (await newSession('nobody')).sessionId } }),
  endSessions: async (person) => ({ by: await newPerson(person) }),
  changeProfile: () => ({ body: { name: newName() } }),
  changeEmail: () => ({ body: { email: newEmail(), password } }),
  changePassword: async (person) => ({
    by: await newPerson(person),
    body: { password, newPassword: 'battery staple horse' },
  }),
  deleteAccount: async (person) => ({ by: await newPerson(person), body: { password, messages: 'DELETE' } }),

  createServer: () => ({ body: { name: newName() } }),
  'getServer (by HEAD)': () => ({ method: 'HEAD' }),
  changeServer: () => ({ body: { name: newName() } }),
  transferOwnership: async (person) => ({ params: await newServer(person), body: { profileId: world.subject.id } }),
  deleteServer: async (person) => ({ params: await newServer(person) }),
  createChannel: () => ({ body: { name: newName() } }),
  'getChannel (hidden from guests)': () => ({ params: { channelId: world.hiddenChannelId } }),
  changeChannel: () => ({ params: { channelId: world.sparedChannelId }, body: { topic: newName() } }),
  deleteChannel: async () => ({ params: await newChannel() }),
  setRoleOverwrite: () => ({ params: { channelId: world.sparedChannelId }, body: { deny: ['ATTACH_FILES'] } }),
  removeRoleOverwrite: async () => ({ params: await newChannel('roles/GUEST') }),
  setMemberOverwrite: () => ({ params: { channelId: world.sparedChannelId }, body: { deny: ['ATTACH_FILES'] } }),
  removeMemberOverwrite: async () => ({ params: await newChannel(`members/${world.subject.id}`) }),
  leaveServer: async (person) => (person === 'owner' ? {} : { by: await newPerson(person) }),
  kickMember: async () => ({ params: { profileId: (await newMember()).id } }),
  'kickMember (an admin)': async () => ({ params: { profileId: (await newPerson('admin')).id } }),
  changeMemberRole: () => ({ body: { role: 'GUEST' } }),
  'changeMemberRole (to ADMIN)': async () => ({
    params: { profileId: (await newMember()).id },
    body: { role: 'ADMIN' },
  }),
  changeNickname: () => ({ body: { nickname: newName() } }),
  'changeNickname (their own)': (person) => ({
    params: { profileId: ownerOf(person).id },
    body: { nickname: newName() },
  }),
  timeOutMember: () => ({ body: { until: inDays(1) } }),
  banMember: async () => ({ params: { profileId: (await newMember()).id } }),
  unbanMember: async () => ({ params: { profileId: (await newPerson('banned')).id } }),
  createInvite: () => ({ body: {} }),
  'createInvite (that grants)': () => ({ body: { permissions: ['IMPORT_MESSAGES'] } }),
  revokeInvite: async () => {
    const { code } = await must(world.accounts.owner, `POST ${here('/invites')}` as 'POST /', {});
    return { params: { code } };
  },
  joinServer: async (person) => (person === 'outsider' ? { by: await newPerson(person) } : {}),

  postMessage: () => ({ body: { content: 'hello' } }),
  'postMessage (from elsewhere)': () => ({ body: { content: 'hello', importedAt: '2015-02-04T12:00:00Z' } }),
  'postMessage (while timed out)': async (person) => {
    // Nobody times an owner out.
    if (person === 'owner' || !isMember(person)) return { body: { content: 'hello' } };
    const by = await newPerson(person);
    await must(world.accounts.owner, `PUT ${here(`/members/${by.id}/timeout`)}` as 'PUT /', { until: inDays(1) });
    return { by, body: { content: 'hello' } };
  },
  editMessage: () => ({ body: { content: 'hello again' } }),
  'editMessage (their own)': async (person) => ({
    params: { messageId: await newMessage(ownerOf(person)) },
    body: { content: 'hello again' },
  }),
  deleteMessage: async () => ({ params: { messageId: await newMessage(world.author) } }),
  'deleteMessage (their own)': async (person) => ({ params: { messageId: await newMessage(ownerOf(person)) } }),
  deleteMessages: async () => ({
    body: { messageIds: [await newMessage(world.author), await newMessage(world.author)] },
  }),
  markRead: () => ({ body: { seq: 1 } }),
  listReadStates: () => ({ query: `serverId=${world.params.serverId}` }),
  searchMessages: () => ({ query: `channelId=${world.params.channelId}&text=look` }),
  openDirectChannel: () => ({ body: { profileIds: [world.friend.id] } }),
  getDirectChannel: async () => ({ params: await newGroup() }),
  addParticipant: async () => ({ params: await newGroup() }),
  leaveDirectChannel: async () => ({ params: await newGroup() }),
  blockProfile: () => ({ params: { profileId: world.stranger.id } }),
  unblockProfile: () => ({ params: { profileId: world.stranger.id } }),

  uploadFile: () => ({ query: `channelId=${world.params.channelId}`, form: formOf() }),
  beginUpload: () => ({ body: upload() }),
  getUpload: async (person) => ({ params: { fileId: (await newUpload(ownerOf(person))).id } }),
  getUploadPart: async (person) => ({
    params: { fileId: (await newUpload(ownerOf(person), { size: 20 * 1024 * 1024 })).id },
  }),
  completeUpload: async (person) => {
    const { id, post } = await newUpload(ownerOf(person));
    const sent = await fetch(post.url, { method: 'POST', body: formOf(post.fields) });
    expect(sent.status).toBeLessThan(300);
    return { params: { fileId: id } };
  },
  abortUpload: async (person) => ({ params: { fileId: (await newUpload(ownerOf(person))).id } }),
  'getFile (on no message yet)': async () => ({
    params: { fileId: await newFile(world.author, world.params.channelId!) },
  }),
  'deleteFile (their own)': async (person) => ({
    params: { fileId: await newFile(ownerOf(person), world.params.channelId!) },
  }),
};

const ask = async (row: string, person: Person): Promise<Answer> => {
  const { path, needsToken, ...operation } = operations.get(operationIdOf(row))!;
  // Who has no token is refused before anything else of the request is looked at.
  const isRefused = needsToken && person === 'nobody';
  const {
    by,
    method = operation.method,
    params = {},
    query,
    body,
    form,
  } = isRefused ? {} : ((await asked[row]?.(person)) ?? {});
  const account = by ?? (person === 'nobody' ? undefined : world.accounts[person]);
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? world.params[name] ?? 'none');
  const response = await fetch(`${gatewayUrl()}/api${place}${query ? `?${query}` : ''}`, {
    method,
    headers: {
      ...seen(),
      ...(account ? { authorization: `Bearer ${account.token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: form ?? (body === undefined ? null : JSON.stringify(body)),
  });
  const text = await response.text();
  const isJson = text !== '' && (response.headers.get('content-type')?.includes('json') ?? false);
  return see({ status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : null });
};

beforeAll(async () => {
  [operations, world] = [await documented(), await newWorld()];
});

test('every operation of the document has its row', () => {
  const named = new Set(rows.map(([row]) => operationIdOf(row)));
  expect([...named].sort()).toEqual([...operations.keys()].sort());
});

describe('who may', () => {
  test.each(rows)('%s', async (row, expected) => {
    const answers = await Promise.all(people.map((person) => ask(row, person)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses, JSON.stringify(answers.map(({ body }) => body?.code ?? null))).toEqual(expected);
  });
});
