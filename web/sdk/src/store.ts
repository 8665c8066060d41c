/**
 * Where the queue lies: in IndexedDB, else in memory. Both do one piece of work at a time, wholly or not at all.
 *
 * Database `modlake:<queue>`, version 1, with one store `rows`: chunks under numbers in the order of writing, and the state of
 * the queue under `state`.
 */

/** What is sent where: the path below `/api/`. */
export type Kind = "events" | "telemetry/errors";

/** Items that were recorded in one go. */
export interface Chunk {
  /** Given when it is written. */
  key?: number;
  kind: Kind;
  /** The page that recorded them; it sends them itself while they are young. */
  page: string;
  /** When, in ms since 1970. */
  at: number;
  /** Each as JSON. */
  items: string[];
  /** Length of the items in bytes, at most. */
  bytes: number;
  /** How many items were given up before this chunk was written. */
  dropped: number;
}

export interface Rows {
  get(key: number | "state"): Promise<unknown>;
  /** Writes a row under its `key`, or a new one under the next number; gives the key. */
  put(row: object): Promise<number>;
  delete(key: number): Promise<unknown>;
  oldest(count: number): Promise<Required<Chunk>[]>;
}

export type Work = <T>(work: (rows: Rows) => Promise<T>) => Promise<T>;

const OPEN_MS = 3_000;
/** Numbers come before texts. */
const ANY_NUMBER = Number.POSITIVE_INFINITY;

function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      // Firefox tells `window.onerror` of it otherwise.
      event.preventDefault();
      reject(request.error);
    };
  });
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("rows", { keyPath: "key", autoIncrement: true });
  // Browsers have been seen that never answer.
  const late = new Promise<never>((_, reject) => setTimeout(reject, OPEN_MS, "no answer"));
  return Promise.race([answer<IDBDatabase>(request), late]);
}

/** A database that a browser closed is opened once again for each piece of work; what it says then is the caller's. */
export function indexedDb(name: string): Work {
  let opened: Promise<IDBDatabase> | undefined;
  const once: Work = async (work) => {
    opened ??= open(name);
    const database = await opened;
    // Whoever deletes the database need not wait for us.
    database.onversionchange = () => database.close();
    const transaction = database.transaction("rows", "readwrite");
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const rows = transaction.objectStore("rows");
    const result = work({
      get: (key) => answer(rows.get(key)),
      put: (row) => answer(rows.put(row)),
      delete: (key) => answer(rows.delete(key)),
      oldest: (count) => answer(rows.getAll(IDBKeyRange.upperBound(ANY_NUMBER), count)),
    });
    const whole = result.catch((error) => {
      transaction.abort();
      throw error;
    });
    await Promise.all([whole, done]);
    return result;
  };
  return (work) =>
    once(work).catch(() => {
      opened = undefined;
      return once(work);
    });
}

export function inMemory(): Work {
  const all = new Map<unknown, object>();
  // Beyond the keys of a database: some of those may still be known when it breaks.
  let last = 2 ** 40;
  let before: Promise<unknown> = Promise.resolve();
  const rows: Rows = {
    get: async (key) => all.get(key),
    put: async (row: { key?: unknown }) => {
      last += 1;
      all.set(row.key ?? last, { key: last, ...row });
      return last;
    },
    delete: async (key) => all.delete(key),
    oldest: async (count) => [...all.values()].filter((row) => "page" in row).slice(0, count) as Required<Chunk>[],
  };
  return (work) => {
    const result = before.then(() => work(rows));
    before = result.catch(() => {});
    return result;
  };
}
