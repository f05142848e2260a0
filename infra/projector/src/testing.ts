import { randomUUID } from 'node:crypto';
import {
  type Codec,
  eventHeaders,
  eventKey,
  type Message,
  markerKey,
  type NewRecord,
  UndecodableRecord,
} from '@palaver/event-log';
import pg from 'pg';
import { modelPool } from './model.ts';
import { defineProjection, type Handlers, type Projection } from './projection.ts';

/** What the tests of this folder share: a small projection, its events, and a database of their own. */

type Opened = { type: 'RoomOpened'; data: { room: string; name: string } };
type Said = { type: 'Said'; data: { room: string; seq: number; text: string } };
type Edited = { type: 'Edited'; data: { room: string; seq: number; text: string } };
type Closed = { type: 'RoomClosed'; data: { room: string } };
export type RoomEvent = Opened | Said | Edited | Closed;

/** Rooms with a counter, and what was said in them: every kind of row change has a use here. */
export const rooms = defineProjection<RoomEvent>({
  name: 'rooms',
  version: 1,
  topics: ['rooms.events'],
  tables: [
    {
      name: 'room',
      columns: { id: 'text not null', name: 'text not null', said: 'bigint not null', tags: 'text[] not null' },
      primaryKey: ['id'],
    },
    {
      name: 'saying',
      columns: {
        room: 'text not null',
        seq: 'bigint not null',
        // Postgres itself refuses this text: what the fold's own checks cannot foresee.
        body: "text not null check (body <> 'refused')",
        at: 'timestamptz not null',
        extra: 'jsonb',
        edits: 'int not null',
      },
      primaryKey: ['room', 'seq'],
      indexes: { saying_by_time: '(at desc)' },
    },
  ],
  handlers: {
    RoomOpened: ({ room, name }) => [
      { kind: 'put', table: 'room', row: { id: room, name, said: 0, tags: ['a"b', name] } },
    ],
    Said: ({ room, seq, text }, { timestampMs, offset }) => {
      if (text === 'poison') throw new Error('cannot fold this');
      const row = { room, seq, body: text, at: new Date(timestampMs), extra: { text, seq, offset }, edits: 0 };
      return [
        { kind: 'put', table: 'saying', row },
        { kind: 'add', table: 'room', key: { id: room }, add: { said: 1 } },
      ];
    },
    Edited: ({ room, seq, text }) => [
      { kind: 'patch', table: 'saying', key: { room, seq }, set: { body: text } },
      { kind: 'add', table: 'saying', key: { room, seq }, add: { edits: 1 } },
    ],
    RoomClosed: ({ room }) => [
      { kind: 'removeWhere', table: 'saying', where: { room } },
      { kind: 'remove', table: 'room', key: { id: room } },
    ],
  },
});

/** Gives the test projection topics of its own. */
export const roomsOn = (topic: string, change: Partial<Projection> = {}): Projection => ({
  ...rooms,
  topics: [topic],
  ...change,
});

/** The same projection by code that can fold `poison`. */
export const mended = (projection: Projection): Projection => {
  const handlers = projection.handlers as unknown as Handlers<RoomEvent>;
  const Said: Handlers<RoomEvent>['Said'] = (data, meta) =>
    handlers.Said({ ...data, text: data.text === 'poison' ? 'no poison any more' : data.text }, meta);
  return { ...projection, handlers: { ...handlers, Said } as unknown as Projection['handlers'] };
};

const text = new TextEncoder();
const bytes = new TextDecoder();

export const jsonCodec: Codec = {
  encode: (_topic, message) => text.encode(JSON.stringify(message)),
  decode: (value) => {
    try {
      return JSON.parse(bytes.decode(value)) as Message;
    } catch (cause) {
      throw new UndecodableRecord('no JSON', { cause });
    }
  },
  prepare: async () => {},
};

/** Writes events as owners of a partition do: consecutive command offsets, one epoch. */
export class EventWriter {
  private commandOffset = 0;
  private readonly epoch: string;
  private readonly versions = new Map<string, number>();

  constructor(epoch = 'e1') {
    this.epoch = epoch;
  }

  /** One record of one command; a string or bytes as event is a broken value. */
  record(stream: string, event: RoomEvent | Uint8Array): NewRecord {
    const version = (this.versions.get(stream) ?? 0) + 1;
    this.versions.set(stream, version);
    const value = event instanceof Uint8Array ? event : jsonCodec.encode('', event);
    return {
      key: eventKey(stream, version, this.epoch),
      value,
      timestampMs: 1_700_000_000_000,
      headers: this.headers(),
    };
  }

  marker(): NewRecord {
    return { key: markerKey(randomUUID(), this.epoch), value: null, timestampMs: 1, headers: this.headers() };
  }

  opened(room: string): NewRecord {
    return this.record(room, { type: 'RoomOpened', data: { room, name: `room ${room}` } });
  }

  said(room: string, seq: number, said = `text\t${seq}\\ "é"\n`): NewRecord {
    return this.record(room, { type: 'Said', data: { room, seq, text: said } });
  }

  edited(room: string, seq: number, said: string): NewRecord {
    return this.record(room, { type: 'Edited', data: { room, seq, text: said } });
  }

  closed(room: string): NewRecord {
    return this.record(room, { type: 'RoomClosed', data: { room } });
  }

  private headers(): Record<string, string> {
    this.commandOffset += 1;
    return {
      [eventHeaders.commandOffset]: String(this.commandOffset),
      [eventHeaders.epoch]: this.epoch,
      [eventHeaders.index]: '0',
    };
  }
}

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: integration tests need the local stack, see infra/local`);
  return value;
};

export type TestDatabase = { readonly pool: pg.Pool; readonly url: string; readonly drop: () => Promise<void> };

/** A database with a random name on PALAVER_TEST_POSTGRES; its pool reads the live model. */
export const testDatabase = async (): Promise<TestDatabase> => {
  const server = required('PALAVER_TEST_POSTGRES');
  const name = `projector_${randomUUID().replaceAll('-', '')}`;
  const onServer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: `${server}/postgres` });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await onServer(`create database ${name}`);
  const url = `${server}/${name}`;
  const pool = modelPool({ connectionString: url, max: 12 });
  return {
    pool,
    url,
    drop: async () => {
      await pool.end();
      await onServer(`drop database ${name} with (force)`);
    },
  };
};

/** Waits for a condition; what it is that never came true is in the error. */
export const until = async (
  what: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 20_000,
): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

export const kafkaAddress = (): string => required('PALAVER_TEST_KAFKA');
