import { authCommandSchemas, authEventSchemas } from './generated/auth.ts';
import { filesCommandSchemas, filesEventSchemas } from './generated/files.ts';
import { messagesCommandSchemas, messagesEventSchemas } from './generated/messages.ts';
import { serversCommandSchemas, serversEventSchemas } from './generated/servers.ts';
import type { ServiceName } from './topics.ts';

/** A record's schema and the topic that it is written to; its subject in the registry is `<topic>-<fullName>`. */
export type TopicSchema = { readonly topic: string; readonly fullName: string; readonly schema: object };

export const commandSchemas: Readonly<Record<ServiceName, readonly TopicSchema[]>> = {
  auth: authCommandSchemas,
  servers: serversCommandSchemas,
  messages: messagesCommandSchemas,
  files: filesCommandSchemas,
};

export const eventSchemas: Readonly<Record<ServiceName, readonly TopicSchema[]>> = {
  auth: authEventSchemas,
  servers: serversEventSchemas,
  messages: messagesEventSchemas,
  files: filesEventSchemas,
};

export const allSchemas: readonly TopicSchema[] = [
  ...Object.values(commandSchemas).flat(),
  ...Object.values(eventSchemas).flat(),
];
