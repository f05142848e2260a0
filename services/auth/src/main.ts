import { giveCommand } from '@palaver/http';
import { type ServiceParts, serveService, startFollowing } from '@palaver/process';
import { type AuthModel, authProjection } from '@palaver/projection-auth';
import { picturesOf } from '@palaver/projection-shared';
import { publicVariables, variable } from '@palaver/runtime';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { Kysely, PostgresDialect } from 'kysely';
import { z } from 'zod';
import { deletionProcess } from './account.ts';
import { attempts, createAttemptsSchema, mailLimits } from './attempts.ts';
import { createKeysSchema, dataKeys } from './data-keys.ts';
import { authDecider } from './decider.ts';
import { emailChangeProcess } from './email-change.ts';
import { mailerOf, mailVariables } from './mail.ts';
import { createMails } from './mails.ts';
import { noticesProcess, notify } from './notices.ts';
import { passwords } from './passwords.ts';
import { refreshTokens } from './refresh-tokens.ts';
import { type AuthParts, authProblems, authRoutes } from './routes.ts';
import { keyLength } from './sealing.ts';
import { mailTokens } from './secrets/mail-tokens.ts';
import { secretsOf } from './secrets.ts';
import { signUpProcess } from './sign-up.ts';
import { parseSigningKey, type SigningKey, type SigningKeys, signingKeysFile } from './signing-keys.ts';
import { tokenIssuer } from './tokens.ts';

const variables = {
  privateKey: variable({
    name: 'PALAVER_JWT_PRIVATE_KEY',
    parse: z.string().transform((text, context) => {
      try {
        return parseSigningKey(text);
      } catch {
        context.addIssue('must be an RSA key, as a JSON Web Key, a set of them or PEM');
        return z.NEVER;
      }
    }),
    secret: true,
    doc: 'the private keys that tokens are signed with, the newest last; as a file it is read again when it changes',
  }),
  privateKeyFile: variable({
    name: 'PALAVER_JWT_PRIVATE_KEY_FILE',
    parse: z.string(),
    default: null as string | null,
    doc: 'where the private keys lie, if they are given as a file',
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
  appUrl: variable({
    name: 'PALAVER_APP_URL',
    parse: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
    default: null as string | null,
    doc: 'where the client lies, for the links in mails: <url>/confirm-email#token=... and /reset-password#token=...',
  }),
  ...mailVariables,
  ...publicVariables,
};

type Parts = ServiceParts<typeof variables>;

const decider = authDecider;

/** Puts together what the routes need, and starts the process managers. */
const authParts = async (parts: Parts): Promise<AuthParts> => {
  const { config, scope, pool, commands, positions, verifyToken, publicKeys } = parts;
  const { current } = signingKeys(parts);
  const issueToken = tokenIssuer({ current, issuer: config.tokenIssuer, audience: config.tokenAudience });

  await scope.waitFor('database', () => createKeysSchema(pool));
  const secrets = secretsOf(config.authKey);
  const keys = dataKeys(pool, secrets.dataKeys);
  await startFollowing(parts, { decider, manager: signUpProcess });
  await startFollowing(parts, {
    decider,
    manager: deletionProcess,
    act: ({ profileId }) => keys.destroy(profileId),
  });
  await startFollowing(parts, { decider, manager: emailChangeProcess });
  const mails = createMails({ mailer: mailerOf(config), appUrl: config.appUrl, logger: scope.logger });
  scope.onStop('mails', () => mails.close());
  const db = new Kysely<AuthModel>({ dialect: new PostgresDialect({ pool }) });
  await startFollowing(parts, {
    decider,
    manager: noticesProcess,
    act: (notice) => notify(notice, { db, dataKeys: keys, mails }),
  });
  await scope.waitFor('database', () => createAttemptsSchema(pool));
  const counted = attempts(pool, secrets.attempts);
  const purging = setInterval(() => {
    counted.purge().catch((error: unknown) => scope.logger.warn({ err: error }, 'old attempts were not forgotten'));
  }, purgeEveryMs);
  scope.onStop('attempts', () => clearInterval(purging));
  return {
    db,
    give: (command) => giveCommand(commands, command),
    positions,
    secrets,
    passwords: passwords(),
    dataKeys: keys,
    attempts: counted,
    mailAttempts: attempts(pool, secrets.mailAttempts, mailLimits),
    mails,
    mailTokens: mailTokens(secrets.mailTokens),
    refreshTokens: refreshTokens(secrets.refreshTokens),
    issueToken,
    verifyToken,
    publicKeys,
    pictures: picturesOf(pool, config.publicUrl),
  };
};

const purgeEveryMs = 60_000;

/** A key whose public half nobody knows would only show when nobody can do anything with their token: throws at the start. */
const signingKeys = ({ config, scope, publicKeys }: Parts): Pick<SigningKeys, 'current'> => {
  const isPublic = ({ kid }: SigningKey): boolean => publicKeys.keyOf(kid) !== undefined;
  if (!isPublic(config.privateKey)) {
    throw new Error(`PALAVER_JWKS_FILE does not hold the public half of the signing key ${config.privateKey.kid}`);
  }
  if (config.privateKeyFile === null) return { current: () => config.privateKey };
  const keys = signingKeysFile({
    path: config.privateKeyFile,
    isPublic,
    onChange: ({ kid }) => scope.logger.info({ kid }, 'tokens are signed with another key from here on'),
    onFault: (error) => scope.logger.warn({ err: error }, 'the signing keys cannot be read again; the last one stays'),
  });
  scope.onStop('signing keys', keys.close);
  return keys;
};

await serveService(
  {
    decider: authDecider,
    groupId: consumerGroups.auth,
    schemas: { commands: commandSchemas.auth, events: eventSchemas.auth },
    projection: authProjection,
    sessionEnds: { ...sessionEnds, schemas: eventSchemas.auth },
    problems: authProblems,
    usualPort: 3003,
    variables,
    routes: async (parts) => authRoutes(await authParts(parts)),
  },
  process.env,
);
