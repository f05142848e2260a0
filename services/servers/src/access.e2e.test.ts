import { beforeAll, describe, expect, test } from 'vitest';
import { newWorld, type Person, people, type World } from './house.fixture.ts';

/** Every route of a server, asked by everybody: who may, and what the others are told. */

let world: World;
beforeAll(async () => {
  world = await newWorld();
});

const soon = () => new Date(Date.now() + 60_000).toISOString();
const hidden = 'server_not_found';
const forbidden = 'missing_permission';
type Told = number | string;
/** owner, admin, moderator, guest; who is no member, banned or not, is told that there is no such server. */
type Row = readonly [
  operation: string,
  told: readonly [Told, Told, Told, Told],
  body?: ((fresh: Fresh) => unknown) | undefined,
  strangers?: Told,
];
/** Made anew for each question, so that one answer does not stand in the way of the next. */
type Fresh = { readonly memberId: string; readonly channelId: string; readonly code: string; readonly name: string };

const everybody = [200, 200, 200, 200] as const;
const rows: readonly Row[] = [
  ['GET ', everybody],
  ['HEAD ', everybody, undefined, 404],
  ['PATCH ', [200, 200, forbidden, forbidden], ({ name }) => ({ name })],
  ['GET /channels/:channel', everybody],
  ['POST /channels', [201, 201, forbidden, forbidden], ({ name }) => ({ name })],
  ['PATCH /channels/:channel', [200, 200, forbidden, forbidden], () => ({ topic: 'All of it' })],
  ['DELETE /channels/:channel', [204, 204, forbidden, forbidden]],
  [
    'PUT /channels/:channel/overwrites/roles/GUEST',
    [204, 204, forbidden, forbidden],
    () => ({ deny: ['ATTACH_FILES'] }),
  ],
  [
    'DELETE /channels/:channel/overwrites/roles/GUEST',
    ['overwrite_not_found', 'overwrite_not_found', forbidden, forbidden],
  ],
  [
    'PUT /channels/:channel/overwrites/members/:member',
    [204, 204, forbidden, forbidden],
    () => ({ deny: ['ATTACH_FILES'] }),
  ],
  [
    'DELETE /channels/:channel/overwrites/members/:member',
    ['overwrite_not_found', 'overwrite_not_found', forbidden, forbidden],
  ],
  ['GET /members', everybody],
  ['GET /members/:member', everybody],
  ['DELETE /members/:member', [204, 204, 204, forbidden]],
  ['PUT /members/:member/role', [204, 204, forbidden, forbidden], () => ({ role: 'MODERATOR' })],
  ['PUT /members/:member/nickname', [204, 204, forbidden, forbidden], () => ({ nickname: 'Countess' })],
  ['PUT /members/:member/timeout', [204, 204, 204, forbidden], () => ({ until: soon() })],
  ['DELETE /members/:member/timeout', [204, 204, 204, forbidden]],
  ['GET /bans', [200, 200, 200, forbidden]],
  ['PUT /bans/:member', [204, 204, 204, forbidden]],
  ['DELETE /bans/:member', ['ban_not_found', 'ban_not_found', 'ban_not_found', forbidden]],
  ['GET /invites', [200, 200, forbidden, forbidden]],
  ['POST /invites', [201, 201, 201, forbidden], () => ({})],
  ['POST /invites', [201, 201, forbidden, forbidden], () => ({ permissions: ['IMPORT_MESSAGES'] })],
  ['DELETE /invites/:code', [204, 204, forbidden, forbidden]],
  ['GET /audit-log', [200, 200, forbidden, forbidden]],
  ['DELETE /members/me', ['owner_must_transfer', 204, 204, 204], undefined, 204],
];

let names = 0;
const fresh = async (operation: string): Promise<Fresh> => {
  names += 1;
  const name = `name ${names}`;
  const channel = operation.includes(':channel')
    ? await world.as('owner', 'POST /channels', { name: `for ${name}` })
    : null;
  const invite = operation.includes(':code') ? await world.as('owner', 'POST /invites', {}) : null;
  return {
    name,
    memberId: operation.includes(':member') ? (await world.newMember()).id : '',
    channelId: channel?.body.id ?? '',
    code: invite?.body.code ?? '',
  };
};

/** The status, or the code of what was refused. */
const told = async (person: Person, [operation, , body]: Row): Promise<Told> => {
  const about = await fresh(operation);
  const path = operation
    .replace(':channel', about.channelId)
    .replace(':member', about.memberId)
    .replace(':code', about.code) as `${string} ${string}`;
  const { status, body: answer } = await world.as(person, path, body?.(about));
  // Who has left is missing in this server: the next ones ask in another.
  if (operation === 'DELETE /members/me' && status === 204 && person !== 'owner') {
    world = await newWorld();
  }
  return status < 400 ? status : (answer?.code ?? status);
};

describe('who may ask what of a server', () => {
  test.each(rows)('%s', async (...row) => {
    const [, members, , strangers = hidden] = row as unknown as Row;
    const answers: Told[] = [];
    for (const person of people) answers.push(await told(person, row as unknown as Row));
    expect(answers).toEqual([...members, strangers, strangers]);
  });

  test('joining, seeing an invite, handing on and deleting', async () => {
    const one = await newWorld();
    const join = (person: Person) => one.ask(person, `POST /invites/${one.inviteCode}/join`);
    expect(await join('banned')).toMatchObject({ status: 403, body: { code: 'banned' } });
    expect(await one.ask('outsider', `GET /invites/${one.inviteCode}`)).toMatchObject({
      status: 200,
      body: { server: { id: one.serverId, memberCount: 4 } },
    });
    for (const operation of ['PUT /owner', 'DELETE '] as const) {
      for (const person of people.slice(1)) {
        const body = operation === 'DELETE ' ? undefined : { profileId: one.accounts.guest.id };
        const code = ['banned', 'outsider'].includes(person) ? hidden : forbidden;
        expect((await one.as(person, operation, body)).body.code).toBe(code);
      }
    }
    expect((await one.as('owner', 'PUT /owner', { profileId: one.accounts.guest.id })).status).toBe(204);
    expect((await one.as('owner', 'DELETE ')).body.code).toBe(forbidden);
    expect((await one.as('guest', 'DELETE ')).status).toBe(204);
    expect((await one.as('guest', 'GET ')).body.code).toBe(hidden);
  });

  test('without a token nobody is told anything', async () => {
    const nobody = { token: 'none' };
    for (const [operation] of rows) {
      const path = operation.replace(/:channel|:member/, world.channelId).replace(':code', world.inviteCode);
      expect(
        (await world.as(nobody, path as `${string} ${string}`, /^(GET|HEAD) /.test(operation) ? undefined : {})).status,
      ).toBe(401);
    }
  });
});
