import { test as base, expect, type Page } from "@playwright/test";
import type * as Sdk from "../../sdk/src/index";
import { Modlaked, until } from "./modlaked";
import { site } from "./site";

declare global {
  var sdk: typeof Sdk;
  var client: Sdk.Client;
}

export interface Event {
  event_name: string;
  url: string | null;
  data: string | null;
  session_id: string;
  navigation_id: string;
  is_frame: boolean;
}

interface Worker {
  server: Modlaked;
  /** The origin that the key is bound to, and one that it is not. */
  origins: [own: string, foreign: string];
  key: string;
}

export const test = base.extend<{ options: Sdk.Options }, Worker>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from the pattern
    async ({}, use) => {
      const server = await Modlaked.running();
      await use(server);
      await server.end();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  origins: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      const sites = [await site(), await site()] as const;
      await use([sites[0].origin, sites[1].origin]);
      for (const { close } of sites) close();
    },
    { scope: "worker" },
  ],
  key: [async ({ server, origins }, use) => use(await server.browserKey(origins[0])), { scope: "worker" }],
  /** For `init` in a page: quick, and without the throttle. */
  options: ({ server, key }, use) =>
    use({
      server: server.url,
      key,
      throttle: false,
      debounceMs: 100,
      maxWaitMs: 1_000,
      retryMs: 200,
      maxRetryMs: 1_000,
    }),
});

/** Opens a page of an origin and starts a client in it, as `client`. */
export async function open(page: Page, origin: string, options: Sdk.Options, path = "/page") {
  await page.goto(origin + path);
  await start(page, options);
}

export async function start(page: Page, options: Sdk.Options) {
  await page.waitForFunction(() => globalThis.sdk);
  await page.evaluate((given) => {
    globalThis.client = globalThis.sdk.init(given);
  }, options);
}

/** Waits until there are that many events of a name, and checks that none is there twice. */
export async function arrived(server: Modlaked, name: string, count: number): Promise<Event[]> {
  const query = `select event_name, url, cast(data as varchar) as data, session_id, navigation_id, is_frame, event_id
    from product_events where event_name = '${name}' order by event_time`;
  let rows: (Event & { event_id: string })[] = [];
  await until(`${count} events ${name}`, async () => {
    rows = await server.sql(query);
    return rows.length >= count;
  }).catch((error) => {
    throw new Error(`${error}; there are ${rows.length}`);
  });
  expect(rows.length, `events ${name}`).toBe(count);
  expect(new Set(rows.map((row) => row.event_id)).size).toBe(count);
  return rows;
}

export async function count(server: Modlaked, table: string, where: string): Promise<number> {
  const [row] = await server.sql<{ n: number }>(`select count(*) as n from ${table} where ${where}`);
  return row?.n ?? 0;
}

export { expect, until };
