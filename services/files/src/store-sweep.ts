import type { ObjectStore } from '@palaver/object-store';

/**
 * Bytes that no event tells of: of processes that were killed between the store and the log, of uploads that were sent again after they were
 * completed. What is older than any upload may last, and belongs to no file and no upload, is removed.
 */
export type StoreSweep = {
  readonly store: Pick<ObjectStore, 'list' | 'remove' | 'listMultipart' | 'abortMultipart'>;
  /** Those of them that belong to nothing. */
  readonly strayAmong: (found: {
    readonly objectKeys: readonly string[];
    readonly uploadIds: readonly string[];
  }) => Promise<{ readonly objectKeys: readonly string[]; readonly uploadIds: readonly string[] }>;
  /** Younger ones may be on their way, ms. */
  readonly minAgeMs: number;
  readonly nowMs?: () => number;
};

const pageSize = 500;
const idOf = (key: string): string => key.split('/')[1] ?? '';
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Returns how many objects and unfinished uploads were removed. */
export const sweepStore = async ({ store, strayAmong, minAgeMs, nowMs = Date.now }: StoreSweep): Promise<number> => {
  const before = nowMs() - minAgeMs;
  let removed = 0;
  for await (const page of pages(aged(store.list('files/'), ({ modifiedAt }) => modifiedAt.getTime() < before))) {
    const { objectKeys } = await strayAmong({ objectKeys: page.map(({ key }) => key), uploadIds: [] });
    for (const key of objectKeys) await store.remove(key);
    removed += objectKeys.length;
  }
  for await (const page of pages(aged(store.list('uploads/'), ({ modifiedAt }) => modifiedAt.getTime() < before))) {
    const stray = await strayUploads(strayAmong, page);
    for (const { key } of stray) await store.remove(key);
    removed += stray.length;
  }
  for await (const page of pages(aged(store.listMultipart(''), ({ initiatedAt }) => initiatedAt.getTime() < before))) {
    const streamed = page.filter(({ key }) => key.startsWith('files/'));
    const stray = [
      ...streamed,
      ...(await strayUploads(
        strayAmong,
        page.filter(({ key }) => key.startsWith('uploads/')),
      )),
    ];
    for (const { key, uploadId } of stray) await store.abortMultipart({ key, uploadId });
    removed += stray.length;
  }
  return removed;
};

const strayUploads = async <Found extends { readonly key: string }>(
  strayAmong: StoreSweep['strayAmong'],
  found: readonly Found[],
): Promise<readonly Found[]> => {
  const known = found.filter(({ key }) => uuid.test(idOf(key)));
  const { uploadIds } = await strayAmong({ objectKeys: [], uploadIds: known.map(({ key }) => idOf(key)) });
  const stray = new Set(uploadIds);
  return found.filter(({ key }) => !uuid.test(idOf(key)) || stray.has(idOf(key)));
};

async function* aged<Found>(all: AsyncIterable<Found>, old: (one: Found) => boolean): AsyncGenerator<Found> {
  for await (const one of all) if (old(one)) yield one;
}

async function* pages<Found>(all: AsyncIterable<Found>): AsyncGenerator<readonly Found[]> {
  let page: Found[] = [];
  for await (const one of all) {
    page.push(one);
    if (page.length < pageSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
