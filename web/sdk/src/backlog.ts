/**
 * The bounded queue of what is not acknowledged yet, which all pages of an origin share. When it is full the oldest goes, and
 * how many went is told with the next chunk that is written.
 */
import { uuid } from "./page";
import { KEEPALIVE_BYTES } from "./post";
import { type Chunk, indexedDb, inMemory, type Rows, type Work } from "./store";

export interface Limits {
  /** Events and errors together. */
  maxItems: number;
  maxBytes: number;
  /** The first wait after a failure, in ms; each next one is twice as long. */
  retryMs: number;
  maxRetryMs: number;
}

/** The row `state`; times in ms since 1970. */
interface State {
  key: "state";
  /** Random id of this browser's profile for this site; it is nowhere but here. */
  uid: string;
  items: number;
  bytes: number;
  /** How many items went that no chunk tells of yet. */
  dropped: number;
  /** Until when the server is left alone, and how long that is in all. */
  pausedUntil?: number;
  pausedMs?: number;
  /** Whether the server named that time, so that being online again does not end it. */
  asked?: boolean;
  /** How many times in a row sending failed. */
  failures: number;
  /** The page that sends, and until when no other one does; 0 when it is done. */
  sender?: string;
  leasedUntil: number;
  /** The last items that the server refused for good, with its status; the beginning of each. */
  aside: Aside;
}

/** Items that the server will never take. */
export type Aside = [status: number, item: string][];
/** Of chunks; one that is not kept has none. */
export type Keys = (number | undefined)[];

/** What a page may send now, and when to ask again where there is nothing, in ms. */
export type Batch = [chunks: Required<Chunk>[], wait?: number | undefined];

/** Chunks of another page are its own to send for this long: its longest wait, and some more. */
const OWN_MS = 15_000;
/** Longer than a request may take. */
const LEASE_MS = 35_000;
const LEASE_POLL_MS = 1_000;
/** Nothing waits longer, whatever the server asks. */
const LONGEST_MS = 86_400_000;
const READ_CHUNKS = 200;
const KEPT_ASIDE = 20;

export type Backlog = ReturnType<typeof backlog>;

/**
 * `say` is told when nothing can be kept beyond this page.
 *
 * Pages tell each other times by the clock on the wall, which people and networks put forward and back; each page measures how long
 * it waits by `performance.now()`. A time further ahead than its writer can have meant comes from a clock that was put back.
 */
export function backlog(queue: string, page: string, limits: Limits, say: (message: string) => void) {
  const stored = indexedDb(databaseOf(queue));
  let memory: Work | undefined;
  let uid: string | undefined;
  // By `performance.now()`: until when the server is left alone, and until when the lease of another page holds that was seen.
  let quietUntil = 0;
  let leaseEnds = 0;
  let seen = 0;

  const change = <T>(how: (state: State, rows: Rows) => T | Promise<T>): Promise<T> => {
    const whole = async (rows: Rows) => {
      const state = ((await rows.get("state")) as State | undefined) ?? {
        key: "state",
        uid: uuid(),
        items: 0,
        bytes: 0,
        dropped: 0,
        leasedUntil: 0,
        failures: 0,
        aside: [],
      };
      uid ??= state.uid;
      const result = await how(state, rows);
      await rows.put(state);
      return result;
    };
    return (memory ?? stored)(whole).catch((error) => {
      if (!memory) say(`IndexedDB fails (${error}): kept in memory alone`);
      memory ??= inMemory();
      return memory(whole);
    });
  };

  const drop = async (state: State, rows: Rows, key: number) => {
    const chunk = (await rows.get(key)) as Chunk | undefined;
    if (!chunk) return;
    await rows.delete(key);
    state.items -= chunk.items.length;
    state.bytes -= chunk.bytes;
  };

  /**
   * Whether another page sends. Its lease holds until the time it wrote, but where the clock was put forward while this page
   * lived, for all of its length: a request may be under way.
   */
  const isLeased = (state: State, now: number): boolean => {
    state.leasedUntil = Math.min(state.leasedUntil, now + LEASE_MS);
    if (seen !== state.leasedUntil) {
      seen = state.leasedUntil;
      const here = performance.now();
      leaseEnds = here + Math.min(seen - Math.min(now, performance.timeOrigin + here), LEASE_MS);
    }
    return state.sender !== page && performance.now() < leaseEnds;
  };

  return {
    /** Known as soon as anything was read or written. */
    uid: () => uid,

    /** Writes chunks and notes their keys on them. One that is larger than the whole bound gets none. */
    add: (chunks: Chunk[]) =>
      change(async (state, rows) => {
        for (const chunk of chunks) {
          const items = chunk.items.length;
          const isFull = () => state.items + items > limits.maxItems || state.bytes + chunk.bytes > limits.maxBytes;
          while (isFull()) {
            const [oldest] = await rows.oldest(1);
            if (!oldest) break;
            await drop(state, rows, oldest.key);
            state.dropped += oldest.items.length + oldest.dropped;
          }
          if (isFull()) {
            state.dropped += items;
            continue;
          }
          chunk.dropped = state.dropped;
          const { key: _, ...row } = chunk;
          chunk.key = await rows.put(row);
          state.items += items;
          state.bytes += chunk.bytes;
          state.dropped = 0;
        }
      }),

    /**
     * The oldest chunks of one kind that are this page's to send, at least one and as many as a request takes, without those of
     * `except`. While it has some, no other page gets any.
     */
    take: (except: Keys) =>
      change(async (state, rows): Promise<Batch> => {
        const now = Date.now();
        const left = (until = 0, longest = 0) => (until > now && until <= now + longest ? until - now : 0);
        const chunks: Required<Chunk>[] = [];
        const paused = left(state.pausedUntil, state.pausedMs);
        quietUntil = performance.now() + paused;
        let wait: number | undefined = paused || (isLeased(state, now) ? LEASE_POLL_MS : undefined);
        if (wait) return [chunks, wait];
        let bytes = 0;
        for (const chunk of await rows.oldest(READ_CHUNKS)) {
          const young = chunk.page !== page && left(chunk.at + OWN_MS, OWN_MS);
          if (young) wait ??= young;
          else if (!except.includes(chunk.key) && chunk.kind === (chunks[0] ?? chunk).kind) {
            if (bytes && bytes + chunk.bytes > KEEPALIVE_BYTES) break;
            chunks.push(chunk);
            bytes += chunk.bytes;
          }
        }
        state.sender = page;
        state.leasedUntil = bytes ? now + LEASE_MS : 0;
        return [chunks, wait];
      }),

    /** Takes acknowledged chunks out. `aside` are items of theirs that the server will never take. */
    remove: (keys: Keys, aside: Aside = []) =>
      change(async (state, rows) => {
        for (const key of keys) if (key) await drop(state, rows, key);
        state.aside = [...state.aside, ...aside].slice(-KEPT_ASIDE);
        state.dropped += aside.length;
        state.failures = 0;
      }),

    /** Notes a failure and gives up this page's turn. Gives how long nobody is to send, in ms: as long as was asked, or longer. */
    fail: (retryAfter: number) =>
      change((state) => {
        const backoff = Math.min(limits.retryMs * 2 ** state.failures, limits.maxRetryMs) * (0.5 + Math.random() / 2);
        const wait = Math.min(Math.max(retryAfter, backoff), LONGEST_MS);
        state.failures += 1;
        state.asked = retryAfter > 0;
        if (state.sender === page) state.leasedUntil = 0;
        state.pausedUntil = Date.now() + wait;
        state.pausedMs = wait;
        quietUntil = performance.now() + wait;
        return wait;
      }),

    /** Whether the server is left alone, as far as this page knows. */
    isPaused: () => performance.now() < quietUntil,

    /** Ends a wait that the server did not ask for. */
    resume: () =>
      change((state) => {
        if (!state.asked) state.pausedUntil = 0;
      }),
  };
}

const databaseOf = (queue: string) => `modlake:${queue}`;

/** Leaves nothing of a queue behind. */
export function forget(queue: string): void {
  globalThis.indexedDB?.deleteDatabase(databaseOf(queue));
}
