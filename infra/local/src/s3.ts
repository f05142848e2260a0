import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'minio';
import type { Launch } from './child.ts';
import { fetchJars } from './jars.ts';
import { javaCommand } from './java.ts';
import type { PartContext } from './part.ts';
import { host, type LocalPorts } from './ports.ts';

export interface ObjectStore {
  /** `http://host:port`, path-style addressing. */
  endpoint: string;
  accessKey: string;
  secretKey: string;
}

const logging = fileURLToPath(new URL('../config/s3proxy-logback.xml', import.meta.url));

/** A form is held in memory, several times over: a larger one is refused before it takes all of the heap. */
const maxFormBytes = 32 * 1024 * 1024;

/** S3Proxy: S3's protocol over a folder, one sub-folder a bucket. */
export async function prepareObjectStore(context: PartContext): Promise<Launch> {
  const jars = await fetchJars('s3proxy', context.log, context.signal);
  const store = objectStore(context.ports);
  const objects = join(context.dataDir, 's3', 'objects');
  const settings = join(context.dataDir, 's3', 's3proxy.properties');
  await mkdir(objects, { recursive: true });
  await writeFile(settings, serverSettings(store, objects), { mode: 0o600 });
  return {
    command: javaCommand(),
    arguments: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
      `-Dlogback.configurationFile=${logging}`,
      `-Djava.io.tmpdir=${context.temporary}`,
      '-cp',
      join(jars, '*'),
      'org.gaul.s3proxy.Main',
      '--properties',
      settings,
    ],
    async ready() {
      await client(store).listBuckets();
    },
  };
}

/** The keys are no secret: the door is open on the loopback interface only. */
export function objectStore(ports: LocalPorts): ObjectStore {
  return { endpoint: `http://${host}:${ports.s3}`, accessKey: 'palaver', secretKey: 'palaver-local' };
}

/** Makes the bucket if it is missing. */
export async function createBucket(store: ObjectStore, name: string): Promise<void> {
  const s3 = client(store);
  if (!(await s3.bucketExists(name))) await s3.makeBucket(name);
}

function client({ endpoint, accessKey, secretKey }: ObjectStore): Client {
  const { hostname, port, protocol } = new URL(endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === 'https:',
    region: 'us-east-1',
    accessKey,
    secretKey,
  });
}

function serverSettings({ endpoint, accessKey, secretKey }: ObjectStore, objects: string): string {
  return `s3proxy.endpoint=${endpoint}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=${accessKey}
s3proxy.credential=${secretKey}
s3proxy.v4-max-non-chunked-request-size=${maxFormBytes}
jclouds.provider=filesystem-nio2
jclouds.identity=${accessKey}
jclouds.credential=${secretKey}
jclouds.filesystem.basedir=${objects}
`;
}
