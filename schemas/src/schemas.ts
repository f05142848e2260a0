import { authCommandSchemas, authEventSchemas } from './generated/auth.ts';
import { filesCommandSchemas, filesEventSchemas } from './generated/files.ts';
import { messagesCommandSchemas, messagesEventSchemas } from './generated/messages.ts';
import { serversCommandSchemas, serversEventSchemas } from './generated/servers.ts';
import type { ServiceName } from './topics.ts';
import { type Upcaster, upcasters, withUpcasters } from './upcasters.ts';

/** A record's schema and the topic that it is written to; its subject in the registry is `<topic>-<fullName>`. */
export type TopicSchema = {
  readonly topic: string;
  readonly fullName: string;
  readonly schema: object;
  readonly upcasters: readonly Upcaster[];
};

export const commandSchemas: Readonly<Record<ServiceName, readonly TopicSchema[]>> = {
  auth: withUpcasters(authCommandSchemas, upcasters.auth),
  servers: withUpcasters(serversCommandSchemas, upcasters.servers),
  messages: withUpcasters(messagesCommandSchemas, upcasters.messages),
  files: withUpcasters(filesCommandSchemas, upcasters.files),
};

export const eventSchemas: Readonly<Record<ServiceName, readonly TopicSchema[]>> = {
  auth: withUpcasters(authEventSchemas, upcasters.auth),
  servers: withUpcasters(serversEventSchemas, upcasters.servers),
  messages: withUpcasters(messagesEventSchemas, upcasters.messages),
  files: withUpcasters(filesEventSchemas, upcasters.files),
};

export const allSchemas: readonly TopicSchema[] = [
  ...Object.values(commandSchemas).flat(),
  ...Object.values(eventSchemas).flat(),
];
