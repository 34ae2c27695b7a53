import type { Operation } from "./api";

// Gestures that the server has not acknowledged yet, kept in the browser's own database.

export interface Kept {
  n: number;
  place: string;
  operation: Operation;
}

/** Where operations wait; the order of `all` is the order of `put`. */
export interface Shelf {
  put(place: string, operation: Operation): Promise<void>;
  drop(uuid: string): Promise<void>;
  all(place: string): Promise<Operation[]>;
  places(): Promise<string[]>;
}

const NAME = "sorby";
const STORE = "gestures";

function asked<T>(wish: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    wish.onsuccess = () => resolve(wish.result);
    wish.onerror = () => reject(wish.error ?? new Error("the browser's database gives no reason"));
  });
}

async function opened(): Promise<IDBDatabase> {
  const wish = indexedDB.open(NAME, 1);
  wish.onupgradeneeded = () => {
    const store = wish.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true });
    store.createIndex("place", "place");
    store.createIndex("uuid", "operation.uuid");
  };
  return asked(wish);
}

function indexedDbShelf(): Shelf {
  let database: Promise<IDBDatabase> | undefined;
  const store = async (mode: IDBTransactionMode) => {
    database ??= opened();
    return (await database).transaction(STORE, mode).objectStore(STORE);
  };
  return {
    async put(place, operation) {
      await asked((await store("readwrite")).add({ place, operation }));
    },
    async drop(uuid) {
      const gestures = await store("readwrite");
      const key = await asked(gestures.index("uuid").getKey(uuid));
      if (key !== undefined) await asked(gestures.delete(key));
    },
    async all(place) {
      const found: Kept[] = await asked((await store("readonly")).index("place").getAll(place));
      return found.sort((a, b) => a.n - b.n).map((one) => one.operation);
    },
    async places() {
      const found: Kept[] = await asked((await store("readonly")).getAll());
      return [...new Set(found.map((one) => one.place))];
    },
  };
}

/** This browser's own. */
export const shelf = indexedDbShelf();
