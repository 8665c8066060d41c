import type { Page } from "@playwright/test";
import { arrived, count, expect, open, start, test, until } from "./fixtures";

/** Runs a starter brick three times well and three times with an error, in a page or frame. */
const runs = (mode: string | undefined, trigger: string, modId: string) => {
  const component = { modComponentId: modId, modId, modVersion: "1.0.0", label: "Test" };
  const outcomes = [true, false, true, false, true, false];
  return outcomes.reduce<Promise<unknown>>(
    (before, good) =>
      before.then(() =>
        sdk.runStarterBrick(
          client,
          { id: `@test/${modId}`, trigger, ...(mode && { reportMode: mode as "all" }) },
          [
            {
              component,
              run: () => {
                if (!good) throw new sdk.BusinessError("no button");
              },
            },
          ],
          () => null,
        ),
      ),
    Promise.resolve(),
  );
};

const run = (page: Page, mode: string | undefined, trigger: string, modId: string) =>
  page.evaluate(
    ([source, mode, trigger, modId]) =>
      new Function(`return (${source})`)()(mode, trigger, modId).then(() => client.flush()),
    [runs.toString(), mode, trigger, modId] as const,
  );

const CASES: [mode: string | undefined, trigger: string, events: number, errors: number][] = [
  ["all", "load", 3, 3],
  ["once", "load", 1, 1],
  ["error-once", "load", 0, 1],
  ["never", "load", 0, 0],
  [undefined, "click", 3, 3],
  [undefined, "interval", 0, 1],
];

for (const [mode, trigger, events, errors] of CASES) {
  test(`${mode ?? "the default"} of ${trigger} reports ${events} runs and ${errors} errors`, async ({
    page,
    server,
    origins,
    options,
  }) => {
    const modId = `@test/${mode ?? "default"}-${trigger}`;
    await open(page, origins[0], options);
    await run(page, mode, trigger, modId);
    await page.evaluate((name) => client.event(`end of ${name}`), modId);
    await arrived(server, `end of ${modId}`, 1);
    await until("all errors", async () => (await count(server, "product_errors", `mod_id = '${modId}'`)) >= errors);
    expect(await count(server, "product_events", `mod_id = '${modId}' and event_name = 'TriggerRun'`)).toBe(events);
    expect(await count(server, "product_errors", `mod_id = '${modId}' and not is_application_error`)).toBe(errors);
  });
}

test("each frame is a visit of its own", async ({ page, server, origins, options }) => {
  await open(page, origins[0], options);
  for (const number of [1, 2]) {
    await page.evaluate((id) => {
      const frame = Object.assign(document.createElement("iframe"), { id, src: "/page" });
      document.body.append(frame);
      return new Promise((resolve) => frame.addEventListener("load", resolve));
    }, `frame-${number}`);
  }
  for (const frame of page.frames()) {
    await frame.waitForFunction(() => globalThis.sdk);
    await frame.evaluate(
      ([source, given]) => {
        globalThis.client = sdk.init(given);
        return new Function(`return (${source})`)()("once", "load", "@test/frames").then(() => client.flush());
      },
      [runs.toString(), options] as const,
    );
  }
  await until("three firsts", async () => (await count(server, "product_events", "mod_id = '@test/frames'")) >= 3);
  const rows = await server.sql<{ is_frame: boolean; session_id: string }>(
    "select is_frame, session_id from product_events where mod_id = '@test/frames' order by is_frame",
  );
  expect(rows.map((row) => row.is_frame)).toEqual([false, true, true]);
  expect(new Set(rows.map((row) => row.session_id)).size).toBe(3);
});

test("a new address in the same document is the same visit, a reload a new one", async ({
  page,
  server,
  origins,
  options,
}) => {
  await open(page, origins[0], options);
  await run(page, "once", "load", "@test/visit");
  await page.evaluate(() => history.pushState(null, "", "/page/other"));
  await run(page, "once", "load", "@test/visit");
  await page.evaluate(() => {
    client.event("Elsewhere");
    return client.flush();
  });
  await page.goto(`${origins[0]}/page`);
  await start(page, options);
  await run(page, "once", "load", "@test/visit");
  const [elsewhere] = await arrived(server, "Elsewhere", 1);
  await until("two firsts", async () => (await count(server, "product_events", "mod_id = '@test/visit'")) >= 2);
  const rows = await server.sql<{ session_id: string; navigation_id: string }>(
    "select session_id, navigation_id from product_events where mod_id = '@test/visit' order by event_time",
  );
  expect(rows).toHaveLength(2);
  expect(rows[0]?.session_id).toBe(elsewhere?.session_id);
  expect(rows[0]?.navigation_id).not.toBe(elsewhere?.navigation_id);
  expect(rows[1]?.session_id).not.toBe(rows[0]?.session_id);
});
