import type { AuthCommand, AuthEvent } from './generated/auth.ts';
import type { FilesCommand, FilesEvent } from './generated/files.ts';
import type { MessagesCommand, MessagesEvent } from './generated/messages.ts';
import type { ServersCommand, ServersEvent } from './generated/servers.ts';

type Message = { readonly type: string; readonly data: unknown };
type WriterSchema = { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };

/** Makes current data out of what an older version wrote, where Avro's defaults, aliases and promotions cannot. Pure. */
export type Upcaster<Data = unknown> = {
  /** Whether a record was written with the version meant: its writer's schema tells, by the fields that it has. */
  readonly wrote: (writer: WriterSchema) => boolean;
  // biome-ignore lint/suspicious/noExplicitAny: data of a version whose type is no longer in the code
  readonly upcast: (written: any) => Data;
};

type Upcasters<M extends Message> = {
  readonly [T in M['type']]?: readonly Upcaster<Extract<M, { type: T }>['data']>[];
};

/**
 * By service and record; every reader of a record gets its upcasters with its schema. Had MessagePosted once counted in seconds:
 *
 *   MessagePosted: [
 *     {
 *       wrote: ({ fields }) => fields.some(({ name }) => name === 'slowModeSeconds'),
 *       upcast: ({ slowModeSeconds, ...rest }) => ({ ...rest, slowModeMs: slowModeSeconds * 1_000 }),
 *     },
 *   ],
 *
 * A meaning that changes without any field is told by nothing on the log: give the new meaning a new name.
 */
export const upcasters: {
  readonly auth: Upcasters<AuthCommand | AuthEvent>;
  readonly servers: Upcasters<ServersCommand | ServersEvent>;
  readonly messages: Upcasters<MessagesCommand | MessagesEvent>;
  readonly files: Upcasters<FilesCommand | FilesEvent>;
} = { auth: {}, servers: {}, messages: {}, files: {} };

/** Schemas with the upcasters that a table has for them, by short name. */
export const withUpcasters = <S extends { readonly fullName: string }>(
  schemas: readonly S[],
  table: Readonly<Record<string, readonly Upcaster[] | undefined>>,
): readonly (S & { readonly upcasters: readonly Upcaster[] })[] =>
  schemas.map((schema) => ({
    ...schema,
    upcasters: table[schema.fullName.slice(schema.fullName.lastIndexOf('.') + 1)] ?? [],
  }));
