/** One request to the server. */
import type { Kind } from "./store";

/** Browsers let 64 KiB in all be under way when a page is gone. */
export const KEEPALIVE_BYTES = 60 * 1024;
/** A request that outlives its page takes of what the page's own may take: only small ones do. */
const SMALL_BYTES = 16 * 1024;
const GZIP_FROM_BYTES = 1024;
const ANSWER_MS = 30_000;

export interface Destination {
  server: string;
  key: string;
  version: string;
}

export interface Answer {
  /** 200 for every success, 0 where there was no answer. */
  status: number;
  /** What `Retry-After` says, in ms. */
  retryAfter?: number | undefined;
}

/** Sends items that are JSON already. Never rejects. `leaving` is for pages that are going away: at once, and as it is. */
export async function post(to: Destination, kind: Kind, items: string[], leaving = false): Promise<Answer> {
  try {
    const list = `[${items}]`;
    const text = kind === "events" ? `{"events":${list}}` : list;
    // For both, so that a compression that never ends is a failure like another.
    const signal = AbortSignal.timeout(ANSWER_MS);
    // Not by the stream of a blob: WebKit has been seen to fail reading it, and Node not to end.
    const plain = !leaving && text.length > GZIP_FROM_BYTES && globalThis.CompressionStream && new Response(text).body;
    const zipped =
      plain && (await new Response(plain.pipeThrough(new CompressionStream("gzip"), { signal })).arrayBuffer());
    const { ok, status, headers } = await fetch(`${to.server}/api/${kind}/`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${to.key}`,
        "content-type": "application/json",
        ...(zipped && { "content-encoding": "gzip" }),
      },
      body: zipped || text,
      keepalive: leaving || (zipped ? zipped.byteLength : text.length * 3) <= SMALL_BYTES,
      credentials: "omit",
      signal,
    });
    const after = headers.get("retry-after");
    // Seconds, or a date.
    return {
      status: ok ? 200 : status,
      retryAfter: after ? Number(after) * 1000 || Date.parse(after) - Date.now() || 0 : undefined,
    };
  } catch {
    return { status: 0 };
  }
}
