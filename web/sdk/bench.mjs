/**
 * What the SDK weighs, and what it takes from a page's main thread: `node bench.mjs` prints JSON.
 *
 * Events go to a sink on this machine, so that no server's work is measured. `record_ms` is the time within `record` by the
 * page's clock, `main_thread_ms` the processor time of all that the main thread did until everything was acknowledged (writing,
 * compressing, sending) beyond what it does without the SDK, both for 1,000 events of about 300 bytes; medians of `ROUNDS` rounds
 * (default 9) in a page of its own each. A long task takes 50 ms or more.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "@playwright/test";
import { size } from "./size.mjs";

const EVENTS = 1_000;
const ROUNDS = Number(process.env.ROUNDS ?? 9);
const sdk = readFileSync(new URL("dist/index.js", import.meta.url));
const page = '<!doctype html><script type="module">import * as sdk from "/sdk.js"; globalThis.sdk = sdk;</script>';

const sink = createServer((request, response) => {
  const type = request.url === "/sdk.js" ? "text/javascript" : "text/html";
  request.resume().on("end", () => {
    response.writeHead(request.method === "POST" ? 201 : 200, { "content-type": type });
    response.end({ "/sdk.js": sdk, "/": page }[request.url] ?? "");
  });
});
await new Promise((resolve) => sink.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${sink.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});

/** How the events come: all in one task, or as an application makes them. */
const WAYS = { "1,000 at once": [EVENTS, 0], "10 every 10 ms": [10, 10] };

async function round([perTask, pauseMs], enabled = true) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(origin);
  await page.waitForFunction(() => globalThis.sdk);
  await page.evaluate(async ([server, enabled]) => {
    globalThis.long = [];
    new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({
      type: "longtask",
    });
    globalThis.client = sdk.init({ server, key: "ml_bench", enabled, throttle: false, user: { email: "ann@example.com" } });
    client.record("Warm Up");
    await client.flush();
  }, [origin, enabled]);
  const busy = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return 1_000 * metrics.find(({ name }) => name === "TaskDuration").value;
  };
  const before = await busy();
  const told = await page.evaluate(
    async ([events, perTask, pauseMs, enabled]) => {
      let spent = 0;
      for (let done = 0; done < events; done += perTask) {
        const start = performance.now();
        for (let more = 0; more < perTask; more += 1) {
          if (enabled) client.record("Text Translated", { words: 120 + more, language: "de", minutes_saved: 4, surface: "sidebar" });
        }
        spent += performance.now() - start;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      await client.flush();
      return { spent, long: globalThis.long };
    },
    [EVENTS, perTask, pauseMs, enabled],
  );
  const all = (await busy()) - before;
  await context.close();
  return { record: told.spent, all, long: told.long };
}

const median = (numbers) => Number(numbers.sort((a, b) => a - b)[numbers.length >> 1].toFixed(2));
const figures = {};
for (const [name, way] of Object.entries(WAYS)) {
  const rounds = [];
  for (let number = 0; number < ROUNDS; number += 1) {
    const without = await round(way, false);
    const { all, ...measured } = await round(way);
    rounds.push({ ...measured, all: all - without.all });
  }
  figures[name] = {
    record_ms: median(rounds.map(({ record }) => record)),
    main_thread_ms: median(rounds.map(({ all }) => all)),
    long_tasks: rounds.flatMap(({ long }) => long).length / ROUNDS,
  };
}
const bytes = { all: (await size()).gzip, init_alone: (await size("{ init }")).gzip };
console.log(JSON.stringify({ browser: browser.version(), events: EVENTS, rounds: ROUNDS, gzip_bytes: bytes, ...figures }, null, 2));
await browser.close();
sink.closeAllConnections();
sink.close();
