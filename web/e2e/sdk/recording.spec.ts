import { arrived, count, expect, open, start, test, until } from "./fixtures";

declare global {
  var answers: { status: number; asked: number; answered: number; after: number }[];
}

test("an event arrives with where, when and by whom", async ({ page, server, origins, options }) => {
  await open(page, origins[0], { ...options, user: { email: "ann@example.com" } }, "/page?token=s3cret#part");
  await page.evaluate(() => client.record("Case Translated", { words: 12 }));
  const [event] = await arrived(server, "Case Translated", 1);
  expect(JSON.parse(event?.data ?? "{}")).toEqual({ words: 12 });
  expect(event?.url).toBe(`${origins[0]}/page`);
  const [row] = await server.sql<{ user_email: string; uid: string; sdk_version: string }>(
    "select user_email, uid, sdk_version from product_events where event_name = 'Case Translated'",
  );
  expect(row).toMatchObject({ user_email: "ann@example.com", sdk_version: expect.stringMatching(/^\d+\.\d+/) });
  expect(row?.uid).toMatch(/^[0-9a-f-]{36}$/);
});

test("10,000 events arrive, each once", async ({ page, server, origins, options }) => {
  await open(page, origins[0], options);
  await page.evaluate(() => {
    for (let number = 0; number < 10_000; number += 1) client.record("Many", { number });
  });
  await until(
    "all are there",
    async () => (await count(server, "product_events", "event_name = 'Many'")) >= 10_000,
    200_000,
  );
  const [row] = await server.sql<{ n: number; ids: number; numbers: number }>(
    `select count(*) as n, count(distinct event_id) as ids, count(distinct cast(data as varchar)) as numbers
     from product_events where event_name = 'Many'`,
  );
  expect(row).toEqual({ n: 10_000, ids: 10_000, numbers: 10_000 });
});

test("a reload loses nothing and doubles nothing", async ({ page, server, origins, options }) => {
  await open(page, origins[0], options);
  for (let round = 0; round < 5; round += 1) {
    await page.evaluate((number) => {
      for (let more = 0; more < 20; more += 1) client.record("Reloaded", { number, more });
      location.reload();
    }, round);
    await page.waitForLoadState();
    await start(page, options);
  }
  await arrived(server, "Reloaded", 100);
});

test("a page that is closed at once is heard, though nobody comes back", async ({
  context,
  server,
  origins,
  options,
}) => {
  const page = await context.newPage();
  await open(page, origins[0], { ...options, debounceMs: 60_000, maxWaitMs: 60_000 });
  await page.evaluate(() => client.record("Last Words"));
  await page.close({ runBeforeUnload: true });
  await arrived(server, "Last Words", 1);
});

test("what is recorded offline is sent when the network is back", async ({
  context,
  page,
  server,
  origins,
  options,
}) => {
  await open(page, origins[0], options);
  await context.setOffline(true);
  await page.evaluate(async () => {
    for (let number = 0; number < 30; number += 1) client.record("Offline", { number });
    await client.flush();
  });
  expect(await count(server, "product_events", "event_name = 'Offline'")).toBe(0);
  await context.setOffline(false);
  await arrived(server, "Offline", 30);
});

test("a server that is down gets everything when it is up, over a reload too", async ({
  page,
  server,
  origins,
  options,
}) => {
  await open(page, origins[0], options);
  await server.stop();
  try {
    await page.evaluate(async () => {
      for (let number = 0; number < 30; number += 1) client.record("Server Down", { number });
      await client.flush();
    });
    await page.reload();
    await start(page, options);
    await page.evaluate(() => client.record("Server Down", { number: 30 }));
  } finally {
    await server.start();
  }
  await arrived(server, "Server Down", 31);
});

test("a server that throttles is obeyed, and gets everything", async ({ page, server, origins, options }) => {
  const key = await server.browserKey(origins[0]);
  await server.throttle(key, origins[0], 60);
  // By the page's own clock: here an answer is heard of later than it came.
  await page.addInitScript(() => {
    const { fetch } = globalThis;
    globalThis.answers = [];
    globalThis.fetch = async (...request) => {
      const asked = performance.now();
      const answer = await fetch(...request);
      const after = Number(answer.headers.get("retry-after")) * 1_000;
      globalThis.answers.push({ status: answer.status, asked, answered: performance.now(), after });
      return answer;
    };
  });
  await open(page, origins[0], { ...options, key, queue: "throttled", debounceMs: 1, retryMs: 1 });
  for (let number = 0; number < 5; number += 1) {
    await page.evaluate(async (number) => {
      for (let more = 0; more < 10; more += 1) client.record("Throttled", { number, more });
      await client.flush();
    }, number);
  }
  await arrived(server, "Throttled", 50);
  const answers = await page.evaluate(() => globalThis.answers);
  expect(answers.map(({ status }) => status)).toContain(429);
  for (const [index, { asked }] of answers.entries()) {
    const before = answers[index - 1];
    if (before?.status === 429)
      expect(asked - before.answered, "waited as it was told").toBeGreaterThanOrEqual(before.after - 2);
  }
});

test("a tab that crashes has lost nothing that was written", async ({ context, server, origins, options }) => {
  const page = await context.newPage();
  await open(page, origins[0], { ...options, debounceMs: 60_000, maxWaitMs: 60_000 });
  await page.evaluate(() => {
    for (let number = 0; number < 50; number += 1) client.record("Crashed", { number });
  });
  await until("the queue is written", () =>
    page.evaluate(async () => {
      const [{ name } = {}] = await indexedDB.databases();
      const request = indexedDB.open(String(name));
      await new Promise((resolve) => {
        request.onsuccess = resolve;
      });
      const rows = request.result.transaction("rows").objectStore("rows").get("state");
      await new Promise((resolve) => {
        rows.onsuccess = resolve;
      });
      request.result.close();
      return rows.result.items === 50;
    }),
  );
  const crashed = page.waitForEvent("crash");
  await page.goto("chrome://crash").catch(() => {});
  await crashed;
  const next = await context.newPage();
  await open(next, origins[0], options);
  await arrived(server, "Crashed", 50);
});

test("tabs of one origin send together what each recorded, once", async ({ context, server, origins, options }) => {
  const pages = await Promise.all([1, 2, 3].map(() => context.newPage()));
  for (const page of pages) await open(page, origins[0], options);
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(
      pages.map((page, tab) =>
        page.evaluate(
          ([tab, round]) => {
            for (let number = 0; number < 25; number += 1) client.record("Tabs", { tab, round, number });
          },
          [tab, round],
        ),
      ),
    );
  }
  await arrived(server, "Tabs", 300);
});

test("a broken IndexedDB is said once and costs nothing while the page lives", async ({
  page,
  server,
  origins,
  options,
}) => {
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("denied", "SecurityError");
    };
  });
  await open(page, origins[0], options);
  await page.evaluate(() => {
    for (let number = 0; number < 20; number += 1) client.record("From Memory", { number });
  });
  await arrived(server, "From Memory", 20);
  expect(said).toEqual([expect.stringContaining("IndexedDB fails")]);
});

for (const signal of ["doNotTrack", "globalPrivacyControl"]) {
  test(`${signal} is honoured: nothing sent, nothing stored`, async ({ page, origins, options }) => {
    await page.addInitScript((name) => {
      Object.defineProperty(Navigator.prototype, name, { get: () => (name === "doNotTrack" ? "1" : true) });
    }, signal);
    const sent: string[] = [];
    page.on("request", (request) => sent.push(request.url()));
    await open(page, origins[0], options);
    await page.evaluate(async () => {
      client.record("Refused");
      await client.flush();
      client.close();
    });
    expect(sent.filter((url) => !url.startsWith(origins[0]))).toEqual([]);
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
    expect(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length])).toEqual([
      "",
      0,
      0,
    ]);
  });
}

test("a page of another origin is refused, though it has the key, and is told once", async ({
  page,
  server,
  origins,
  options,
}) => {
  const said: string[] = [];
  page.on("console", (message) => message.text().startsWith("modlake:") && said.push(message.text()));
  await open(page, origins[1], { ...options, retryMs: 1 });
  const tried: string[] = [];
  page.on("requestfailed", (request) => tried.push(request.url()));
  await page.evaluate(() => client.record("Foreign"));
  await until("it was tried again", async () => tried.length >= 3);
  expect(said).toEqual([
    "modlake: the server cannot be reached (network, address, key, origins): kept and tried again",
  ]);
  await open(page, origins[0], options);
  await page.evaluate(() => client.record("Own"));
  await arrived(server, "Own", 1);
  expect(await count(server, "product_events", "event_name = 'Foreign'")).toBe(0);
});
