/** A decoded message: an event or a command. `type` is the record's short name, `data` its fields. */
export type Message = { readonly type: string; readonly data: unknown };

/**
 * Turns messages into the bytes of the Confluent wire format (magic byte, schema id, Avro) and back. Both ways are
 * synchronous: ids are known beforehand (`prepare`), so that a batch is folded without a pause.
 */
export interface Codec<M extends Message = Message> {
  /** Throws `TypeError` when `data` does not fit the schema, naming the field. */
  encode(topic: string, message: M): Uint8Array;
  /** Throws `UndecodableRecord` on an unprepared or unknown schema id, or on a foreign or truncated payload. */
  decode(value: Uint8Array): M;
  /**
   * Loads the writers' schemas of these values, where they are not known yet. A value that nobody can read keeps no other from it: `decode`
   * says so. Throws `SchemasUnavailable`.
   */
  prepare(values: Iterable<Uint8Array | null>): Promise<void>;
}

export class UndecodableRecord extends Error {
  override readonly name = 'UndecodableRecord';
}

/** The schemas of a batch could not be loaded now; the same call may work later. */
export class SchemasUnavailable extends Error {
  override readonly name = 'SchemasUnavailable';
}
