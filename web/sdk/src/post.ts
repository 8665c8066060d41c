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

/** 200 for every success, 0 where there was no answer; and what `Retry-After` says, in ms. */
export type Answer = [status: number, retryAfter: number];

/** Sends items that are JSON already. Never rejects. `leaving` is for pages that are going away: at once, and as it is. */
export async function post(to: Destination, kind: Kind, items: string[], leaving = false): Promise<Answer> {
  try {
    const list = `[${items}]`;
    const text = kind === "events" ? `{"events":${list}}` : list;
    // For both, so that a compression that never ends is a failure like another. Older browsers end requests by themselves.
    const signal = AbortSignal.timeout?.(ANSWER_MS);
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
    // Seconds, a date, or nothing.
    const after = String(headers.get("retry-after"));
    return [ok ? 200 : status, Number(after) * 1000 || Date.parse(after) - Date.now() || 0];
  } catch {
    return [0, 0];
  }
}
