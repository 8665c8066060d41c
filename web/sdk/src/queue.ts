/** Takes items from the page, writes them to the backlog, and sends the backlog. */
import { backlog, type Limits } from "./backlog";
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

export type Queue = ReturnType<typeof queue>;

export function queue(name: string, settings: Settings, say: (message: string) => void) {
  const { debounceMs } = settings;
  const page = uuid();
  const kept = backlog(name, page, settings, say);
  let uid: string | undefined;
  /** Chunks of this task, and the one of each kind that is still being filled. */
  let open: Chunk[] = [];
  let filling: Partial<Record<Kind, Chunk>> = {};
  /** What this page recorded and did not see acknowledged, as far as one last request can carry it. */
  let unsent: Chunk[] = [];
  /** Of those: what goes in requests that outlive the page. */
  const leaving = new Set<Chunk>();
  /** Keys of the batch that is under way. */
  let sending: (number | undefined)[] = [];
  /** Writes and sendings, one after the other. */
  let working: Promise<unknown> = Promise.resolve();
  // By the clock that nobody sets: one that is put back must not keep items here.
  let first = 0;
  let last = 0;
  let timer: ReturnType<typeof setTimeout>;
  let due = Number.POSITIVE_INFINITY;
  let pausedUntil = 0;
  let stopped = false;

  const then = (work: () => Promise<unknown>) => {
    working = working.then(work).catch((error) => say(`not sent: ${error}`));
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
    open = [];
    filling = {};
    if (!chunks[0]) return;
    unsent.push(...chunks);
    let room = KEEPALIVE_BYTES;
    unsent = unsent.reverse().filter((chunk) => {
      room -= chunk.bytes;
      return room > 0;
    });
    unsent.reverse();
    // Not behind `working`: what is recorded is kept while a request takes its time.
    const written = kept.add(chunks).catch((error) => say(`not kept: ${error}`));
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
        const fields = { uid, sdk_version: settings.version, dropped: (!index && dropped) || undefined };
        return `${JSON.stringify(fields).slice(0, -1)},${item.slice(1)}`;
      }),
    );

  /** Sends one batch; whether there may be more to send now. */
  const step = async (): Promise<boolean> => {
    const { chunks, wait, paused } = await kept.take(
      KEEPALIVE_BYTES,
      [...leaving].map((chunk) => chunk.key),
    );
    const [chunk] = chunks;
    pausedUntil = Date.now() + paused;
    if (!chunk) {
      if (wait !== undefined) wake(wait + Math.random() * debounceMs);
      return false;
    }
    sending = chunks.map(({ key }) => key);
    const aside: [number, string][] = [];
    const answer = await send(chunk.kind, complete(chunks), aside);
    if (answer.status === 200) {
      await kept.remove(sending, aside);
      unsent = unsent.filter(({ key }) => !sending.includes(key));
    } else await failed(answer);
    sending = [];
    return answer.status === 200;
  };

  /** Sends items; those that are refused for good are found by halves and put aside. */
  const send = async (kind: Kind, items: string[], aside: [number, string][]): Promise<Answer> => {
    const answer = await post(settings, kind, items);
    if (!REFUSED.includes(answer.status)) return answer;
    const half = items.length >> 1;
    if (half) {
      const before = await send(kind, items.slice(0, half), aside);
      return before.status === 200 ? send(kind, items.slice(half), aside) : before;
    }
    say(`put aside one of ${kind}: the server refuses it (${answer.status})`);
    aside.push([answer.status, String(items[0]).slice(0, ASIDE_LENGTH)]);
    return { status: 200 };
  };

  const failed = async ({ status, retryAfter }: Answer) => {
    const wait = await kept.fail(retryAfter);
    pausedUntil = Date.now() + wait;
    if (status === 401 || status === 403) {
      stopped = true;
      say(`key is refused (${status}), nothing is sent: check key, scope and origin`);
      return;
    }
    wake(wait);
    say(`the server ${status ? `answers ${status}` : "cannot be reached from here"}: kept and tried again`);
  };

  // At once, because a page that is left early has no time to ask.
  kept.uid().then((known) => {
    uid = known;
  });
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
      if (stopped || Date.now() < pausedUntil) return;
      for (const kind of ["events", "telemetry/errors"] as const) {
        const chunks = unsent.filter(
          (chunk) => chunk.kind === kind && !leaving.has(chunk) && !sending.includes(chunk.key),
        );
        if (!chunks[0]) continue;
        for (const chunk of chunks) leaving.add(chunk);
        post(settings, kind, complete(chunks), true).then((answer) =>
          // Behind the writes: then the keys are known.
          then(async () => {
            if (answer.status === 200) {
              await kept.remove(chunks.map(({ key }) => key));
              unsent = unsent.filter((chunk) => !chunks.includes(chunk));
            } else await failed(answer);
            for (const chunk of chunks) leaving.delete(chunk);
          }),
        );
      }
    },

    /** The network is back: no need to wait, unless the server asked us to. */
    online: () => kept.resume().then(flush),

    /** No request begins after this. What is queued stays for the next page. */
    stop(): void {
      write();
      stopped = true;
    },
  };
}
