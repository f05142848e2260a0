import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '@palaver/local';

export const processNames = [
  'auth-projection',
  'servers-projection',
  'messages-projection',
  'search-projection',
  'files-projection',
  'auth',
  'servers',
  'messages',
  'files',
  'files-jobs',
  'gateway',
] as const;
export type ProcessName = (typeof processNames)[number];
export type ProcessPorts = Readonly<Record<ProcessName, number>>;

/** What a process needs to know of the others, beside its own port. */
export type Addresses = {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly postgresUrl: (database: string) => string;
  readonly s3: ObjectStore;
  readonly secrets: SecretFiles;
  /** The folder that mails are laid in. */
  readonly mailOutbox: string;
  /** The folder that each process writes its spans in, for `palaver trace`; none are made without. */
  readonly traces?: string;
  readonly ports: ProcessPorts;
};

/** Paths of the files in which the secrets lie. */
export type SecretFiles = {
  readonly signingKey: string;
  readonly publicKeys: string;
  readonly authKey: string;
  readonly adminToken: string;
};

type ProcessSpec = {
  readonly name: ProcessName;
  /** Relative to the repository's root. */
  readonly entry: string;
  /** Where it listens, unless `portVariable` says otherwise. */
  readonly port: number;
  readonly portVariable: string;
  /** Of Node, where the usual ones do not fit. */
  readonly nodeOptions?: readonly string[];
  /** Beside what every process gets. */
  readonly environment: (addresses: Addresses) => Readonly<Record<string, string>>;
};

const host = '127.0.0.1';

const withDatabase =
  (database: string) =>
  ({ postgresUrl }: Addresses) => ({ PALAVER_POSTGRES_URL: postgresUrl(database) });

const workerOn = (database: string) => (addresses: Addresses) => ({
  ...withDatabase(database)(addresses),
  PALAVER_ADMIN_TOKEN_FILE: addresses.secrets.adminToken,
});

const withStore = ({ s3 }: Addresses) => ({
  PALAVER_S3_ENDPOINT: s3.endpoint,
  PALAVER_S3_ACCESS_KEY: s3.accessKey,
  PALAVER_S3_SECRET_KEY: s3.secretKey,
});

/** What clients are told to reach the gateway by. */
const withPublicUrl = ({ ports }: Addresses) => ({ PALAVER_PUBLIC_URL: `http://localhost:${ports.gateway}` });

/** Every process of Palaver, in the order of their start; they stop in the reverse order. */
export const processes: readonly ProcessSpec[] = [
  {
    name: 'auth-projection',
    entry: 'projections/auth/src/main.ts',
    port: 3013,
    portVariable: 'PALAVER_AUTH_PROJECTION_PORT',
    environment: workerOn('palaver_auth'),
  },
  {
    name: 'servers-projection',
    entry: 'projections/servers/src/main.ts',
    port: 3014,
    portVariable: 'PALAVER_SERVERS_PROJECTION_PORT',
    environment: workerOn('palaver_servers'),
  },
  {
    name: 'messages-projection',
    entry: 'projections/messages/src/main.ts',
    port: 3015,
    portVariable: 'PALAVER_MESSAGES_PROJECTION_PORT',
    environment: workerOn('palaver_messages'),
  },
  {
    name: 'search-projection',
    entry: 'projections/search/src/main.ts',
    port: 3018,
    portVariable: 'PALAVER_SEARCH_PROJECTION_PORT',
    environment: workerOn('palaver_search'),
  },
  {
    name: 'files-projection',
    entry: 'projections/files/src/main.ts',
    port: 3016,
    portVariable: 'PALAVER_FILES_PROJECTION_PORT',
    environment: workerOn('palaver_files'),
  },
  {
    name: 'auth',
    entry: 'services/auth/src/main.ts',
    port: 3003,
    portVariable: 'PALAVER_AUTH_PORT',
    environment: (addresses) => ({
      ...withDatabase('palaver_auth')(addresses),
      ...withPublicUrl(addresses),
      PALAVER_JWT_PRIVATE_KEY_FILE: addresses.secrets.signingKey,
      PALAVER_AUTH_KEY_FILE: addresses.secrets.authKey,
      PALAVER_MAIL_OUTBOX: addresses.mailOutbox,
    }),
  },
  {
    name: 'servers',
    entry: 'services/servers/src/main.ts',
    port: 3004,
    portVariable: 'PALAVER_SERVERS_PORT',
    environment: (addresses) => ({ ...withDatabase('palaver_servers')(addresses), ...withPublicUrl(addresses) }),
  },
  {
    name: 'messages',
    entry: 'services/messages/src/main.ts',
    port: 3005,
    portVariable: 'PALAVER_MESSAGES_PORT',
    environment: (addresses) => ({
      ...withDatabase('palaver_messages')(addresses),
      PALAVER_SEARCH_POSTGRES_URL: addresses.postgresUrl('palaver_search'),
    }),
  },
  {
    name: 'files',
    entry: 'services/files/src/main.ts',
    port: 3002,
    portVariable: 'PALAVER_FILES_PORT',
    // What flows through it lives for a moment and leaves large holes: little room for it, often cleared, and large pieces given back at once
    // keep the process small. It waits for bytes, mostly, so compilers between the first and the last are not worth their memory.
    nodeOptions: [
      '--max-semi-space-size=1',
      '--optimize-for-size',
      '--heap-growing-percent=15',
      '--no-sparkplug',
      '--no-maglev',
    ],
    environment: (addresses) => ({
      ...withDatabase('palaver_files')(addresses),
      ...withStore(addresses),
      MALLOC_ARENA_MAX: '1',
      MALLOC_MMAP_THRESHOLD_: String(64 * 1024),
    }),
  },
  {
    name: 'files-jobs',
    entry: 'services/files/src/jobs/main.ts',
    port: 3012,
    portVariable: 'PALAVER_FILES_JOBS_PORT',
    environment: (addresses) => ({ ...withDatabase('palaver_files')(addresses), ...withStore(addresses) }),
  },
  {
    name: 'gateway',
    entry: 'services/gateway/src/main.ts',
    port: 3001,
    portVariable: 'PALAVER_GATEWAY_PORT',
    environment: ({ ports, postgresUrl }) => ({
      PALAVER_POSTGRES_URL: postgresUrl('palaver_gateway'),
      // Whoever is on this machine: importer, benchmarks and tests ask more than any person would.
      PALAVER_RATE_LIMIT_EXEMPT: '127.0.0.1, ::1',
      PALAVER_UPSTREAM_AUTH: `http://${host}:${ports.auth}`,
      PALAVER_UPSTREAM_SERVERS: `http://${host}:${ports.servers}`,
      PALAVER_UPSTREAM_MESSAGES: `http://${host}:${ports.messages}`,
      PALAVER_UPSTREAM_FILES: `http://${host}:${ports.files}`,
    }),
  },
];

export const databases: readonly string[] = [
  'palaver_auth',
  'palaver_servers',
  'palaver_messages',
  'palaver_search',
  'palaver_files',
  'palaver_gateway',
];
export const buckets: readonly string[] = ['palaver-files'];

/** One process that can be run. */
export type Runnable = {
  /** Unique: the process's name, and from the second instance on its number. */
  readonly name: string;
  /** Absolute. */
  readonly entry: string;
  readonly port: number;
  readonly nodeOptions: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** A further instance listens this much higher. */
const INSTANCE_PORT_STEP = 20;

/** Of code whose types are stripped: who finds all of its own here starts faster, and does without what strips them, some 8 MB. */
const compileCache = fileURLToPath(new URL('../../../node_modules/.cache/palaver', import.meta.url));

/** How to run the n-th instance (from 1) of a process. */
export const runnable = (name: ProcessName, addresses: Addresses, instance = 1): Runnable => {
  const spec = processes.find((one) => one.name === name)!;
  const unique = instance === 1 ? name : `${name}-${instance}`;
  const port = addresses.ports[name] + (instance - 1) * INSTANCE_PORT_STEP;
  return {
    name: unique,
    entry: fileURLToPath(new URL(`../../../${spec.entry}`, import.meta.url)),
    port,
    nodeOptions: ['--disable-warning=ExperimentalWarning', ...(spec.nodeOptions ?? [])],
    environment: {
      PALAVER_KAFKA_BROKERS: addresses.brokers.join(','),
      PALAVER_REGISTRY_URL: addresses.registryUrl,
      PALAVER_JWKS_FILE: addresses.secrets.publicKeys,
      PALAVER_HTTP_HOST: host,
      PALAVER_HTTP_PORT: String(port),
      NODE_COMPILE_CACHE: compileCache,
      ...(addresses.traces && { PALAVER_TRACE_FILE: join(addresses.traces, `${unique}.jsonl`) }),
      ...spec.environment(addresses),
    },
  };
};
