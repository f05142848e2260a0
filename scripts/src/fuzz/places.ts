import { gatewayUrl } from '@palaver/http/testing';
import { done, headersOf } from '../client/client.ts';
import { client } from '../testing.ts';

/** What there is to ask about. */

/** In no example of the document: so none of them deletes an account, or changes its password. */
const password = 'known to nobody else';

export type Person = { readonly name: string; readonly email: string; readonly id: string; readonly token: string };

export const signUp = async (name: string): Promise<Person> => {
  const email = `${name}-${crypto.randomUUID()}@example.com`;
  const { body } = await done(client.POST('/auth/signup', { body: { name, email, password } }));
  return { name, email, id: body.profile.id, token: body.accessToken };
};

/** How they sign in, by Web Fuzzing Commons: sessions that end on the way are begun anew. */
export const signInsOf = (people: readonly Person[]) => ({
  auth: people.map(({ name, email }) => ({
    name,
    loginEndpointAuth: {
      endpoint: '/api/auth/signin',
      verb: 'POST',
      contentType: 'application/json',
      payloadUserPwd: { username: email, usernameField: 'email', password, passwordField: 'password' },
      token: {
        extractFrom: 'body',
        extractSelector: '/accessToken',
        sendIn: 'header',
        sendName: 'Authorization',
        sendTemplate: 'Bearer {token}',
      },
    },
  })),
});

/** Ids by the parameters that take them, or by these and the segment before them where that makes a difference. */
export type Place = Readonly<Record<string, string>>;

/** A server of the owner with a member, a channel, a message, a file and an invite; and a direct channel. */
export const openPlace = async (owner: Person, member: Person): Promise<Place> => {
  const server = await done(client.POST('/servers', { headers: headersOf(owner), body: { name: 'Fuzzed' } }));
  const { position } = server;
  const code = server.body.inviteCode;
  const channelId = server.body.channels[0]!.id;
  const joining = { params: { path: { code } }, headers: headersOf({ token: member.token, position }) };
  await done(client.POST('/invites/{code}/join', joining));
  const headers = headersOf({ token: owner.token, position });
  const params = { path: { channelId } };
  const message = await done(
    client.POST('/channels/{channelId}/messages', { params, headers, body: { content: 'hello' } }),
  );
  const direct = await done(client.POST('/direct-channels', { headers, body: { profileIds: [member.id] } }));
  const file = { channelId, name: 'large.bin', type: 'application/octet-stream', size: 20_000_000 };
  const upload = await done(client.POST('/files/uploads', { headers, body: file }));
  return {
    serverId: server.body.id,
    channelId,
    messageId: message.body.id,
    profileId: member.id,
    code,
    fileId: await sendFile(channelId, headers),
    'uploads/{fileId}': upload.body.id,
    'direct-channels/{channelId}': direct.body.id,
  };
};

const sendFile = async (channelId: string, headers: Record<string, string>): Promise<string> => {
  const body = new FormData();
  body.append('file', new Blob(['hello'], { type: 'text/plain' }), 'hello.txt');
  const sent = await fetch(`${gatewayUrl()}/api/files?channelId=${channelId}`, { method: 'POST', headers, body });
  if (sent.status !== 201) throw new Error(`a file: ${sent.status} ${await sent.text()}`);
  return ((await sent.json()) as { id: string }).id;
};

type Parameter = { readonly name: string; readonly in: string; readonly example?: unknown };
type Operation = { readonly operationId: string; readonly parameters: readonly Parameter[] };
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

/** The document, whose examples are of what is there. */
export const withExamples = <D extends object>(document: D, placeFor: (operationId: string) => Place): D => {
  const paths = Object.entries((document as unknown as Document).paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => {
      const place = placeFor(operation.operationId);
      const parameters = operation.parameters.map((one) => ({ ...one, ...exampleOf(one, path, place) }));
      return [method, { ...operation, parameters }];
    });
    return [path, Object.fromEntries(operations)];
  });
  return { ...document, paths: Object.fromEntries(paths) };
};

const exampleOf = (parameter: Parameter, path: string, place: Place): { readonly example?: string } => {
  if (parameter.in !== 'path') return {};
  const [withSegment] = new RegExp(`[^/]+/\\{${parameter.name}\\}`).exec(path)!;
  const example = place[withSegment] ?? place[parameter.name];
  return example === undefined ? {} : { example };
};
