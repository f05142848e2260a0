import { Refusal } from '@palaver/http';
import { type ObjectStore, StoreUnavailable } from '@palaver/object-store';

/** What requests use of the store. */
export type FileStore = Omit<ObjectStore, 'list' | 'listMultipart' | 'ready' | 'ensureBucket'>;

/** The refusal that an outage of the store is; other errors as they are. */
export const orOutage = (error: unknown): unknown => {
  if (!(error instanceof StoreUnavailable)) return error;
  const headers = { 'Retry-After': '2' };
  return new Refusal('store_unavailable', 'The object store does not answer; nothing was kept.', {
    headers,
    cause: error,
  });
};

const guarded =
  <Given extends unknown[], Result>(call: (...given: Given) => Promise<Result>) =>
  async (...given: Given): Promise<Result> => {
    try {
      return await call(...given);
    } catch (error) {
      throw orOutage(error);
    }
  };

/** The same, whose outages are a refusal. */
export const guardedStore = (store: ObjectStore): FileStore => ({
  put: guarded(store.put),
  stat: guarded(store.stat),
  read: guarded(store.read),
  remove: guarded(store.remove),
  presignedPost: guarded(store.presignedPost),
  presignedGet: guarded(store.presignedGet),
  beginMultipart: guarded(store.beginMultipart),
  presignedPart: guarded(store.presignedPart),
  partsOf: guarded(store.partsOf),
  completeMultipart: guarded(store.completeMultipart),
  abortMultipart: guarded(store.abortMultipart),
});
