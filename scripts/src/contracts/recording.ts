/**
 * An object that tells which of its fields are read. Whoever goes through its names (a spread, the rest of what is taken apart, JSON) reads
 * all: what becomes of them is not seen any more. Fields that it does not have are told too.
 */
export const recording = <T extends object>(data: T, onRead: (field: string) => void): T =>
  new Proxy(data, {
    get: (target, field, receiver) => {
      if (typeof field === 'string') onRead(field);
      return Reflect.get(target, field, receiver);
    },
    has: (target, field) => {
      if (typeof field === 'string') onRead(field);
      return Reflect.has(target, field);
    },
    ownKeys: (target) => {
      for (const field of Object.keys(target)) onRead(field);
      return Reflect.ownKeys(target);
    },
  });
