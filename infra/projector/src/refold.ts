import type { Batch, Codec, EventLog } from '@palaver/event-log';
import type pg from 'pg';
import { insertParked, isDataError, sqlState, writeCarefully } from './careful.ts';
import { type FoldedEvent, mergeEvents, type ParkedEvent, PartitionFold } from './fold.ts';
import { type Merge, type Shapes, shapesOf } from './merge.ts';
import { type Checkpoint, checkpointKey, primaryKeyDdl, readCheckpoints } from './model.ts';
import type { Projection, Row, Table } from './projection.ts';
import { readParking } from './skips.ts';
import { quote, quoteTable, type TableShape } from './sql.ts';
import { inSavepoint } from './transaction.ts';
import { copy, upsert, type WriteOptions, writeMerge } from './write.ts';

/**
 * The fold of rebuild and verify: from the checkpoints of a schema up to given ends, in large merged batches. While one batch is
 * written, the next is read and folded; there is one writer, so batches are committed in the order they were folded in.
 */
export type FoldIntoOptions = {
  readonly log: EventLog;
  readonly projection: Projection;
  readonly codec: Codec;
  readonly schema: string;
  /** Where to stop, by `checkpointKey`; `nextOffset` is exclusive. Partitions that already stand beyond it are left alone. */
  readonly ends: ReadonlyMap<string, Checkpoint>;
  /** Wraps what belongs together: a batch's rows and its checkpoints. */
  readonly atomically: (work: () => Promise<void>) => Promise<void>;
  readonly batchEvents?: number;
  readonly signal?: AbortSignal;
  /** Log positions passed so far. */
  readonly onFolded?: (events: number) => void;
};

const BATCH_EVENTS = 20_000;

/** A batch whose rows Postgres refused was written carefully; what was folded after it must be folded again. */
class FoldAgain extends Error {
  override readonly name = 'FoldAgain';
}

export const foldInto = async (client: pg.ClientBase, options: FoldIntoOptions): Promise<void> => {
  const shapes = shapesOf(options.projection);
  const writer = new BulkWriter(client, options.schema, shapes);
  let passed = 0;
  const onPassed = (positions: number) => {
    passed += positions;
    options.onFolded?.(passed);
  };
  for (;;) {
    try {
      return await foldOnce(client, options, shapes, writer, onPassed);
    } catch (error) {
      if (!(error instanceof FoldAgain)) throw error;
    }
  }
};

/** What is folded and not yet written, of all partitions. */
class Pending {
  readonly events: FoldedEvent[] = [];
  readonly parked: ParkedEvent[] = [];
  readonly checkpoints = new Map<string, Checkpoint>();
  positions = 0;
}

const foldOnce = async (
  client: pg.ClientBase,
  options: FoldIntoOptions,
  shapes: Shapes,
  writer: BulkWriter,
  onPassed: (positions: number) => void,
): Promise<void> => {
  const { log, projection, codec, schema, ends, signal, batchEvents = BATCH_EVENTS } = options;
  const folds = new Map<string, PartitionFold>();
  const checkpoints = await readCheckpoints(client, schema);
  for (const [key, end] of ends) {
    if (!projection.topics.includes(end.topic)) continue;
    const checkpoint = checkpoints.get(key) ?? { ...end, nextOffset: 0, taken: null };
    if (checkpoint.nextOffset >= end.nextOffset) continue;
    const parking = await readParking(client, schema, checkpoint);
    folds.set(key, new PartitionFold({ projection, codec, shapes }, checkpoint, parking));
  }

  let pending = new Pending();
  let writing: Promise<void> = Promise.resolve();
  const write = async (full: Pending): Promise<void> => {
    let refused = false;
    await options.atomically(async () => {
      refused = await writer.write(full);
      await saveCheckpoints(client, schema, [...full.checkpoints.values()]);
    });
    onPassed(full.positions);
    if (refused) throw new FoldAgain();
  };
  /** Waits for the batch before, so that at most one is written while another is filled. */
  const flush = async (): Promise<void> => {
    const full = pending;
    pending = new Pending();
    const before = writing;
    writing = before.then(() => write(full));
    writing.catch(() => {});
    await before;
  };
  const onBatch = async (topic: string, batch: Batch): Promise<void> => {
    signal?.throwIfAborted();
    const key = checkpointKey({ topic, partition: batch.partition });
    const fold = folds.get(key)!;
    const from = fold.nextOffset;
    const { events, parked } = await fold.fold(batch);
    for (const event of events) pending.events.push(event);
    pending.parked.push(...parked);
    pending.checkpoints.set(key, fold.checkpoint);
    pending.positions += fold.nextOffset - from;
    if (pending.events.length >= batchEvents) await flush();
  };

  try {
    for (const topic of projection.topics) {
      const ranges = [...folds.values()]
        .filter(({ at }) => at.topic === topic)
        .map(({ at, nextOffset }) => ({ partition: at.partition, from: nextOffset, to: endOf(ends, at) }));
      if (ranges.length > 0) await log.read(topic, ranges, (batch) => onBatch(topic, batch));
    }
    // A range of which the log holds nothing gives no batch, and is read to its end all the same.
    for (const [key, fold] of folds) await onBatch(fold.at.topic, emptyUpTo(ends.get(key)!));
    await flush();
  } finally {
    // Nothing may still run on the connection when its owner goes on; and a failed write is the cause of a failed read.
    await writing;
  }
};

const emptyUpTo = ({ partition, nextOffset }: Checkpoint): Batch => ({ partition, records: [], nextOffset });

const endOf = (ends: ReadonlyMap<string, Checkpoint>, at: { topic: string; partition: number }): number =>
  ends.get(checkpointKey(at))!.nextOffset;

/** Writes whole batches, by COPY for as long as that gives the right result. */
class BulkWriter {
  private readonly client: pg.ClientBase;
  private readonly options: WriteOptions;
  /** Tables that have their primary key; without it, rows can only be added. */
  private keyed: Set<string> | null = null;
  /** Tables in which a row was put a second time: a put there has to look for the row. */
  private readonly replaced = new Set<string>();

  constructor(client: pg.ClientBase, schema: string, shapes: Shapes) {
    this.client = client;
    this.options = { schema, shapes, puts: (_client, _schema, shape, rows) => this.put(shape, rows) };
  }

  /** True when Postgres refused some of the events, which are parked then. */
  async write(pending: Pending): Promise<boolean> {
    const { client, options } = this;
    this.keyed ??= await keyedTables(client, options.schema);
    const merge = mergeEvents(options.shapes, pending.events);
    await this.buildKeysFor(merge);
    let refused: readonly ParkedEvent[] = [];
    try {
      await inSavepoint(client, () => writeMerge(client, options, merge));
    } catch (error) {
      if (!isDataError(error)) throw error;
      await this.buildKeys([...options.shapes.values()]);
      refused = await writeCarefully(client, { ...options, puts: upsert }, pending.events);
    }
    await insertParked(client, options.schema, [...pending.parked, ...refused]);
    return refused.length > 0;
  }

  /** A change of a row that may be in the table already can only find it by its key. */
  private async buildKeysFor(merge: Merge): Promise<void> {
    const needed: TableShape[] = [];
    for (const [name, steps] of merge.tables) {
      const onlyPuts = steps.every(
        (step) => step.removeWhere.length === 0 && [...step.rows.values()].every((write) => write.kind === 'put'),
      );
      if (!onlyPuts) needed.push(this.options.shapes.get(name)!);
    }
    await this.buildKeys(needed);
  }

  private async buildKeys(shapes: readonly TableShape[]): Promise<void> {
    const missing = shapes.filter(({ table }) => !this.keyed!.has(table.name));
    await buildPrimaryKeys(
      this.client,
      this.options.schema,
      missing.map(({ table }) => table),
    );
    for (const { table } of missing) this.keyed!.add(table.name);
  }

  private async put(shape: TableShape, rows: readonly Row[]): Promise<void> {
    const { client } = this;
    const { schema } = this.options;
    if (!this.keyed!.has(shape.table.name)) return copy(client, schema, shape, rows);
    if (!this.replaced.has(shape.table.name)) {
      try {
        return await inSavepoint(client, () => copy(client, schema, shape, rows));
      } catch (error) {
        if (sqlState(error) !== '23505') throw error;
        this.replaced.add(shape.table.name);
      }
    }
    await upsert(client, schema, shape, rows);
  }
}

const keyedTables = async (client: pg.ClientBase, schema: string): Promise<Set<string>> => {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_constraint k join pg_class c on c.oid = k.conrelid
     join pg_namespace n on n.oid = c.relnamespace where k.contype = 'p' and n.nspname = $1`,
    [schema],
  );
  return new Set(rows.map((row) => row.name));
};

/** Gives tables their primary keys, where they have none yet; of rows that were put twice, the later one stays. */
export const buildPrimaryKeys = async (
  client: pg.ClientBase,
  schema: string,
  tables: readonly Table[],
): Promise<void> => {
  const keyed = await keyedTables(client, schema);
  for (const table of tables) {
    if (keyed.has(table.name)) continue;
    try {
      await inSavepoint(client, () => client.query(primaryKeyDdl(schema, table)).then(() => undefined));
    } catch (error) {
      if (sqlState(error) !== '23505') throw error;
      await dropReplacedRows(client, schema, table);
      await client.query(primaryKeyDdl(schema, table));
    }
  }
};

/**
 * Each batch was written by a transaction or savepoint of its own, one after the other, and holds a key once at most: so a
 * row's transaction id says which came later.
 */
const dropReplacedRows = async (client: pg.ClientBase, schema: string, table: Table): Promise<void> => {
  const name = quoteTable(schema, table.name);
  await client.query(
    `delete from ${name} t using (
       select ctid, row_number() over (partition by ${table.primaryKey.map(quote)} order by age(xmin)) as place from ${name}
     ) d where t.ctid = d.ctid and d.place > 1`,
  );
};

const saveCheckpoints = async (
  client: pg.ClientBase,
  schema: string,
  checkpoints: readonly Checkpoint[],
): Promise<void> => {
  if (checkpoints.length === 0) return;
  await client.query(
    `insert into ${quote(schema)}.checkpoint (topic, partition, next_offset, command_offset, epoch, "index")
     select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::int[])
     on conflict (topic, partition) do update set next_offset = excluded.next_offset,
       command_offset = excluded.command_offset, epoch = excluded.epoch, "index" = excluded."index", updated_at = now()`,
    [
      checkpoints.map((c) => c.topic),
      checkpoints.map((c) => c.partition),
      checkpoints.map((c) => c.nextOffset),
      checkpoints.map((c) => c.taken?.commandOffset ?? null),
      checkpoints.map((c) => c.taken?.epoch ?? null),
      checkpoints.map((c) => c.taken?.index ?? null),
    ],
  );
};
