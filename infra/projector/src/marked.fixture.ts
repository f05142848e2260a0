import type pg from 'pg';
import type { Projection } from './projection.ts';
import { rooms, roomsOn } from './testing.ts';

/** A model that tells of which version its rows are, and a reader who would see two versions at once. */

/** The test projection, with its version in every room's name and in a table of its own. */
export const markedOn = (topic: string, generation: number): Projection =>
  roomsOn(topic, {
    version: generation,
    tables: [...rooms.tables, { name: 'mark', columns: { generation: 'int not null' }, primaryKey: ['generation'] }],
    handlers: {
      ...rooms.handlers,
      RoomOpened: ({ room }: { room: string }) => [
        { kind: 'put', table: 'room', row: { id: room, name: `name ${generation}`, said: 0, tags: [] } },
        { kind: 'put', table: 'mark', row: { generation } },
      ],
    } as unknown as Projection['handlers'],
  });

/** A query by a named prepared statement on a pooled connection, over and over; counts what it saw. */
export const hammer = (pool: pg.Pool) => {
  let stopped = false;
  const seen = new Set<string>();
  let wentBack = 0;
  const text = `select (select generation from mark) as mark, r.name, r.said::int from room r join mark on true where r.id = 'r0'`;
  const loop = async () => {
    for (let last = 0; !stopped; ) {
      const { rows } = await pool.query({ name: 'hammer', text });
      seen.add(rows.map((row) => `${row.mark} ${row.name}`).join(', '));
      if (rows[0].said < last) wentBack += 1;
      last = rows[0].said;
    }
  };
  const loops = Promise.all(Array.from({ length: 4 }, loop));
  // Its errors are those of `stop`.
  loops.catch(() => undefined);
  return {
    seen,
    wentBack: () => wentBack,
    stop: () => {
      stopped = true;
      return loops;
    },
  };
};
