/** A server in place of `fetch`, and what a test wants to know of it. */
import { gunzipSync } from "node:zlib";
import { vi } from "vitest";
import { type Client, init, type Options } from "../src/index";

/** An event or error as it arrived; a test knows what it sent. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into items of every shape
export type Item = Record<string, any>;

export interface Request {
  url: string;
  headers: Record<string, string>;
  keepalive: boolean;
  zipped: boolean;
  items: Item[];
}
type Answer = Response | Error | Promise<Response>;

let queues = 0;

/** As `vi.waitFor`, with a bound that no machine under load comes near to. */
export const waitFor: typeof vi.waitFor = (what, options) => vi.waitFor(what, { timeout: 15_000, ...Object(options) });

/** Answers with what `answer` says, 201 when it says nothing. */
export function server(answer: (request: Request, number: number) => Answer | undefined = () => undefined) {
  const requests: Request[] = [];
  const messages: string[] = [];
  const clients: Client[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    const zipped = headers["content-encoding"] === "gzip";
    const text = zipped ? gunzipSync(init.body as ArrayBuffer).toString() : String(init.body);
    const body = JSON.parse(text);
    const request = { url, headers, zipped, keepalive: init.keepalive === true, items: body.events ?? body };
    requests.push(request);
    const answered = await answer(request, requests.length);
    if (answered instanceof Error) throw answered;
    return answered ?? new Response(null, { status: 201 });
  });
  return {
    requests,
    messages,
    /** Items in the order of their arrival, those that came twice twice. */
    items: () => requests.flatMap((request) => request.items),
    names: () => requests.flatMap((request) => request.items.map((item) => item.event)),
    /** A client of a queue of its own, unless one is named. */
    client(options: Partial<Options> = {}) {
      queues += 1;
      const client = init({
        server: "https://lake.example.com/",
        key: "ml_key",
        queue: `test-${queues}`,
        debounceMs: 5,
        maxWaitMs: 20,
        retryMs: 5,
        log: (message) => messages.push(message),
        ...options,
      });
      clients.push(client);
      return client;
    },
    stop: () => {
      for (const client of clients) client.close();
    },
  };
}
