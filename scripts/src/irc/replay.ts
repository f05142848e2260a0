import { createHash } from 'node:crypto';
import type { Api, Session } from '../api.ts';
import { ApiError, type Client, done, headersOf } from '../client/client.ts';
import type { IrcLog, IrcMessage } from './parse.ts';

/**
 * Replays logs through the public API. One account, the importer, owns the server; every name of the logs has an account, which
 * joins by an invite that grants the import permission. Accounts are made ahead of the messages, several at a time; messages
 * of the channel are posted one after the other, because nothing else keeps their order over HTTP.
 *
 * Everything is named by what it comes from: accounts by server and name, requests by file and line. So a second run, or one that
 * goes on after an interruption, finds what is there.
 */

export type ReplayOptions = {
  readonly api: Api;
  readonly logs: readonly IrcLog[];
  readonly serverName: string;
  /** How many accounts are made at the same time; hashing their passwords takes most of the time. */
  readonly accountsInFlight: number;
  readonly resume: Resume;
  /** Told after every message, and after every account. */
  readonly onProgress: (counts: { readonly messages: number; readonly joins: number }) => void;
};

/** Remembers how far each file has been posted, beyond the time for which the services remember requests. */
export type Resume = {
  /** The last line of the file that was acknowledged; 0 when none was. */
  lineOf(serverId: string, file: string): number;
  acknowledged(serverId: string, message: IrcMessage): void;
};

export type Place = { readonly serverId: string; readonly channelId: string };

export type Replayed = Place & {
  readonly messages: number;
  /** Messages that an earlier run had posted. */
  readonly passedOver: number;
  readonly joins: number;
};

export const replay = async (options: ReplayOptions): Promise<Replayed> => {
  const { api, logs, serverName, resume, onProgress } = options;
  const place = await openPlace(api, serverName);
  const messages = logs.flatMap((log) => log.messages);
  const todo = messages.filter(({ file, line }) => line > resume.lineOf(place.serverId, file));
  const passedOver = messages.length - todo.length;
  let posted = 0;
  let joins = 0;
  const report = () => onProgress({ messages: passedOver + posted, joins });
  report();

  const members = enterAhead([...new Set(todo.map(({ name }) => name))], options.accountsInFlight, async (name) => {
    const member = await enterMember(api, serverName, name, place);
    joins += 1;
    report();
    return member;
  });
  try {
    for (const message of todo) {
      const member = await members.get(message.name);
      await post(api, place, member, message);
      resume.acknowledged(place.serverId, message);
      posted += 1;
      report();
    }
  } finally {
    members.end();
  }
  return { ...place, messages: posted, passedOver, joins };
};

/** An account that is a member. Its tokens expire, so that the session is replaced now and then. */
type Member = {
  readonly account: Account;
  session: Session;
  /** Where it joined; undefined once a post was taken, so that messages knows of it. */
  joinedAt: string | undefined;
};
type Account = { readonly name: string; readonly email: string; readonly password: string };

/** Accounts belong to one server, so that imports into two servers do not meet. Nobody else knows the password of the same name. */
export const accountOf = (serverName: string, name: string): Account => {
  const digest = createHash('sha256')
    .update(JSON.stringify([serverName, name]))
    .digest('hex');
  return { name, email: `${digest.slice(0, 32)}@irc.invalid`, password: digest.slice(32) };
};

const importerName = 'IRC importer';

type OpenedPlace = Place & { readonly inviteCode: string; readonly invitePosition: string | undefined };

/** Finds the server, or makes it with its channel `general`, and makes an invite for the import. */
const openPlace = async (api: Api, serverName: string): Promise<OpenedPlace> => {
  const { client } = api;
  const { accessToken: token } = await api.enter(accountOf(serverName, importerName));
  const { serverId, position } = await openServer(client, serverName, token);
  const server = { path: { serverId } };
  const { body } = await done(
    client.GET('/servers/{serverId}', { params: server, headers: headersOf({ token, position }) }),
  );
  const channelId = body.channels.find(({ name }) => name === 'general')?.id;
  if (channelId === undefined) throw new Error(`the server "${serverName}" has no channel general`);
  const invite = await done(
    client.POST('/servers/{serverId}/invites', {
      params: server,
      headers: headersOf({ token, position, idempotencyKey: `irc/invite/${serverId}` }),
      // An import may be taken up again after days.
      body: { permissions: ['IMPORT_MESSAGES'], expiresInSeconds: 0 },
    }),
  );
  return { serverId, channelId, inviteCode: invite.body.code, invitePosition: invite.position };
};

const openServer = async (
  client: Client,
  name: string,
  token: string,
): Promise<{ serverId: string; position: string | undefined }> => {
  const { body } = await done(
    client.GET('/servers', { params: { query: { limit: 100 } }, headers: headersOf({ token }) }),
  );
  const found = body.items.find((server) => server.name === name);
  if (found) return { serverId: found.id, position: undefined };
  const headers = headersOf({ token, idempotencyKey: 'irc/server' });
  const created = await done(client.POST('/servers', { headers, body: { name } }));
  return { serverId: created.body.id, position: created.position };
};

const enterMember = async (api: Api, serverName: string, name: string, place: OpenedPlace): Promise<Member> => {
  const account = accountOf(serverName, name);
  const session = await api.enter(account);
  const headers = headersOf({
    token: session.accessToken,
    idempotencyKey: `irc/join/${place.serverId}`,
    position: place.invitePosition,
  });
  const { position } = await done(
    api.client.POST('/invites/{code}/join', { params: { path: { code: place.inviteCode } }, headers }),
  );
  return { account, session, joinedAt: position };
};

const post = async (api: Api, { channelId }: Place, member: Member, message: IrcMessage): Promise<void> => {
  const send = () =>
    done(
      api.client.POST('/channels/{channelId}/messages', {
        params: { path: { channelId } },
        headers: headersOf({
          token: member.session.accessToken,
          idempotencyKey: `irc/${message.file}/${message.line}`,
          position: member.joinedAt,
        }),
        body: { content: message.text, importedAt: message.postedAt },
      }),
    );
  try {
    await send();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    member.session = await again(api, member);
    await send();
  }
  member.joinedAt = undefined;
};

/** Its token has expired: the session goes on, or another one begins where it is over. */
const again = async (api: Api, { session, account }: Member): Promise<Session> => {
  try {
    return await api.refresh(session);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return api.signIn(account);
    throw error;
  }
};

/** Makes members in the given order, a few at a time, ahead of those who ask for them. */
const enterAhead = (
  names: readonly string[],
  inFlight: number,
  enter: (name: string) => Promise<Member>,
): { get(name: string): Promise<Member>; end(): void } => {
  const members = new Map(names.map((name) => [name, Promise.withResolvers<Member>()]));
  // A failure is for the one who asks; nobody may ask any more.
  for (const { promise } of members.values()) promise.catch(() => undefined);
  const queue = members.entries();
  let ended = false;
  const work = async (): Promise<void> => {
    for (const [name, entered] of queue) {
      if (ended) return;
      await enter(name).then(entered.resolve, entered.reject);
    }
  };
  for (let worker = 0; worker < inFlight; worker += 1) void work();
  return {
    get: (name) => members.get(name)!.promise,
    end() {
      ended = true;
    },
  };
};
