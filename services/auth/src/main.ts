import { newId, type ProcessManagerOptions, postgresStateStore, startProcessManager } from '@palaver/decider';
import type { Codec } from '@palaver/event-log';
import { giveCommand } from '@palaver/http';
import { type ServiceParts, serveService } from '@palaver/process';
import { type AuthModel, authProjection } from '@palaver/projection-auth';
import { variable } from '@palaver/runtime';
import { type AuthCommand, type AuthEvent, commandSchemas, consumerGroups, eventSchemas } from '@palaver/schemas';
import { Kysely, PostgresDialect } from 'kysely';
import { z } from 'zod';
import { deletionProcess, followDeletion } from './account.ts';
import { createKeysSchema, dataKeys } from './data-keys.ts';
import { authDecider } from './decider.ts';
import { passwords } from './passwords.ts';
import { type AuthParts, authProblems, authRoutes } from './routes.ts';
import { keyLength } from './sealing.ts';
import { secretsOf } from './secrets.ts';
import { followSignUp, signUpProcess } from './sign-up.ts';
import { parsePrivateKey, tokenIssuer } from './tokens.ts';

const variables = {
  privateKey: variable({
    name: 'PALAVER_JWT_PRIVATE_KEY',
    parse: z.string().transform((text, context) => {
      try {
        return parsePrivateKey(text);
      } catch {
        context.addIssue('must be an RSA key, as a JSON Web Key or PEM');
        return z.NEVER;
      }
    }),
    secret: true,
    doc: 'the private key that tokens are signed with',
  }),
  authKey: variable({
    name: 'PALAVER_AUTH_KEY',
    parse: z
      .base64()
      .transform((text) => Buffer.from(text, 'base64'))
      .refine((key) => key.length === keyLength, `must be ${keyLength} bytes in base64`),
    secret: true,
    doc: 'what password hashes are sealed with, addresses hashed and data keys wrapped',
  }),
};

type Parts = ServiceParts<typeof variables>;

/** Puts together what the routes need, and starts the process managers. */
const authParts = async (parts: Parts): Promise<AuthParts> => {
  const { config, scope, pool, commands, positions, verifyToken } = parts;
  const names = { issuer: config.tokenIssuer, audience: config.tokenAudience };
  const issueToken = tokenIssuer({ privateKey: config.privateKey, ...names });
  // A signing key that is not among the public keys would only show when nobody can do anything with their token.
  verifyToken(issueToken('nobody').accessToken);

  await scope.waitFor('database', () => createKeysSchema(pool));
  const secrets = secretsOf(config.authKey);
  const keys = dataKeys(pool, secrets.dataKeys);
  await startFollowing(parts, { name: signUpProcess, handle: followSignUp });
  await startFollowing(parts, {
    name: deletionProcess,
    handle: followDeletion,
    act: async ({ type, data }) => {
      if (type === 'AccountDeleted') await keys.destroy(data.profileId);
    },
  });
  return {
    db: new Kysely<AuthModel>({ dialect: new PostgresDialect({ pool }) }),
    give: (command) => giveCommand(commands, command),
    positions,
    secrets,
    passwords: passwords(),
    dataKeys: keys,
    issueToken,
    verifyToken,
  };
};

type Following = Pick<ProcessManagerOptions<AuthEvent, AuthCommand>, 'name' | 'handle' | 'act'>;

/** Starts a process manager on this service's own events. Its group is `auth-<name>`, its position lies in a schema of its name. */
const startFollowing = async ({ scope, log, codecs, pool }: Parts, following: Following): Promise<void> => {
  const { name } = following;
  const checkpoints = postgresStateStore(pool, { schema: name.replaceAll('-', '_') });
  await scope.waitFor('database', () => checkpoints.migrate());
  const manager = await startProcessManager({
    ...following,
    log,
    groupId: `auth-${name}`,
    topic: 'auth.events',
    events: codecs.events as Codec<AuthEvent>,
    decider: authDecider,
    commands: codecs.commands as Codec<AuthCommand>,
    checkpoints,
    newEpoch: newId,
    logger: scope.logger,
    onCrash: scope.crash,
  });
  scope.onStop(`process manager ${name}`, () => manager.close());
};

await serveService(
  {
    decider: authDecider,
    groupId: consumerGroups.auth,
    schemas: { commands: commandSchemas.auth, events: eventSchemas.auth },
    projection: authProjection,
    problems: authProblems,
    usualPort: 3003,
    variables,
    routes: async (parts) => authRoutes(await authParts(parts)),
  },
  process.env,
);
