/** Takes items from the page, writes them to the backlog, and sends the backlog. */
import { type Aside, backlog, type Keys, type Limits } from "./backlog";
import { uuid } from "./page";
import { type Answer, type Destination, KEEPALIVE_BYTES, post } from "./post";
import type { Chunk, Kind } from "./store";

export interface Settings extends Destination, Limits {
  /** Sent when nothing was recorded for this long, in ms. */
  debounceMs: number;
  /** Sent at the latest after this long, in ms. */
  maxWaitMs: number;
}

const CHUNK_BYTES = 16 * 1024;
const ASIDE_LENGTH = 2_000;
/** `uid`, `sdk_version` and `dropped` are put before each item when it is sent. */
const PREFIX_BYTES = 100;
/** What the same items will never be taken with. */
const REFUSED = [400, 413, 422];

const keysOf = (chunks: Chunk[]) => chunks.map(({ key }) => key);

/** What Chromium's documents have beside the standard's. */
interface Ahead {
  prerendering?: boolean;
}

export type Queue = ReturnType<typeof queue>;

export function queue(name: string, settings: Settings, say: (message: string) => void) {
  const { debounceMs } = settings;
  const page = uuid();
  const kept = backlog(name, page, settings, say);
  /** Chunks of this task, and the one of each kind that is still being filled. */
  let open: Chunk[] = [];
  let filling: Partial<Record<Kind, Chunk>> = {};
  /** What this page recorded and did not try to send, as far as one last request can carry it. */
  let unsent: Chunk[] = [];
  /** What is under way in requests that outlive the page. */
  let leaving: Chunk[] = [];
  /** Writes and sendings, one after the other. */
  let working: Promise<unknown> = Promise.resolve();
  // By the clock that nobody sets: one that is put back must not keep items here.
  let first = 0;
  let last = 0;
  let timer: ReturnType<typeof setTimeout>;
  let due = Number.POSITIVE_INFINITY;
  let stopped = false;

  const failed = (error: unknown) => say(`not sent: ${error}`);
  const then = (work: () => Promise<unknown>) => {
    working = working.then(work).catch(failed);
    return working;
  };

  /** Looks at the queue after `ms`, or earlier where that was wanted before. */
  const wake = (ms: number) => {
    const at = performance.now() + ms;
    if (stopped || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(() => {
      due = Number.POSITIVE_INFINITY;
      const left = Math.min(last + debounceMs, first + settings.maxWaitMs) - performance.now();
      if (first && left > 0) wake(left);
      else flush();
    }, ms);
  };

  const write = () => {
    const chunks = open;
    // Of a page that was loaded ahead only what somebody sees happened.
    if (!chunks[0] || (globalThis.document as Ahead | undefined)?.prerendering) return;
    open = [];
    filling = {};
    unsent.push(...chunks);
    while (unsent.reduce((sum, { bytes }) => sum + bytes, 0) > KEEPALIVE_BYTES) unsent.shift();
    // Not behind `working`: what is recorded is kept while a request takes its time.
    const written = kept.add(chunks).catch(failed);
    then(() => written);
  };

  const flush = () => {
    write();
    first = 0;
    return then(async () => {
      while (!stopped && (await step()));
    });
  };

  /** Puts what is known only now before the fields of each item. */
  const complete = (chunks: Chunk[]) =>
    chunks.flatMap(({ items, dropped }) =>
      items.map((item, index) => {
        const fields = { uid: kept.uid(), sdk_version: settings.version, dropped: (!index && dropped) || undefined };
        return `${JSON.stringify(fields).slice(0, -1)},${item.slice(1)}`;
      }),
    );

  /** Sends one batch; whether there may be more to send now. */
  const step = async (): Promise<boolean> => {
    const [chunks, wait] = await kept.take(keysOf(leaving));
    const [chunk] = chunks;
    if (!chunk) {
      if (wait) wake(wait + Math.random() * debounceMs);
      return false;
    }
    const keys = keysOf(chunks);
    unsent = unsent.filter(({ key }) => !keys.includes(key));
    const aside: Aside = [];
    return settle(keys, await send(chunk.kind, complete(chunks), aside), aside);
  };

  /** Notes what became of chunks; whether the server has them. */
  const settle = async (keys: Keys, [status, retryAfter]: Answer, aside?: Aside): Promise<boolean> => {
    if (status === 200) {
      await kept.remove(keys, aside);
      return true;
    }
    wake(await kept.fail(retryAfter));
    const isRefused = status === 401 || status === 403;
    stopped ||= isRefused;
    const what = status ? `answers ${status}` : "cannot be reached (network, address, key, origins)";
    const next = isRefused ? "nothing more is sent; check key, scope, origins" : "kept and tried again";
    say(`the server ${what}: ${next}`);
    return false;
  };

  /** Sends items; those that are refused for good are found by halves and put aside. */
  const send = async (kind: Kind, items: string[], aside: Aside): Promise<Answer> => {
    const answer = await post(settings, kind, items);
    const [status] = answer;
    if (!REFUSED.includes(status)) return answer;
    const half = items.length >> 1;
    if (half) {
      const before = await send(kind, items.slice(0, half), aside);
      return before[0] === 200 ? send(kind, items.slice(half), aside) : before;
    }
    say(`the server answers ${status}: one of ${kind} is put aside`);
    aside.push([status, String(items[0]).slice(0, ASIDE_LENGTH)]);
    return [200, 0];
  };

  // At once, because a page that is left early has no time to ask whose it is.
  kept.add([]);
  // For whatever an earlier page left.
  wake(debounceMs);

  return {
    /** Returns at once; the item is written when the task that calls ends. */
    push(kind: Kind, item: string): void {
      // JSON has no character below a space, so this finds out texts of one byte for each character.
      const bytes = (/[^ -~]/.test(item) ? item.length * 3 : item.length) + PREFIX_BYTES;
      let chunk = filling[kind];
      if (!chunk || chunk.bytes + bytes > CHUNK_BYTES) {
        if (!open[0]) queueMicrotask(write);
        chunk = { kind, page, at: Date.now(), items: [], bytes: 0, dropped: 0 };
        open.push(chunk);
        filling[kind] = chunk;
      }
      chunk.items.push(item);
      chunk.bytes += bytes;
      last = performance.now();
      first ||= last;
      wake(debounceMs);
    },

    /** Sends what there is. Resolves when it was tried. */
    flush,

    /** The page is hidden, perhaps for good: what it recorded goes now, in requests that outlive it. */
    hide(): void {
      write();
      if (stopped || kept.isPaused()) return;
      for (const kind of ["events", "telemetry/errors"] as const) {
        const chunks = unsent.filter((chunk) => chunk.kind === kind);
        if (!chunks[0]) continue;
        leaving.push(...chunks);
        post(settings, kind, complete(chunks), true).then((answer) =>
          // Behind the writes: then the keys are known.
          then(async () => {
            await settle(keysOf(chunks), answer);
            leaving = leaving.filter((chunk) => !chunks.includes(chunk));
          }),
        );
      }
      unsent = [];
    },

    /** The network is back: no need to wait, unless the server asked us to. */
    online: () => kept.resume().then(flush),

    /** No request begins after this. What is queued stays for the next page. */
    stop(): void {
      stopped = true;
    },
  };
}
