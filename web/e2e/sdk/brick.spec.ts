import type { Page } from "@playwright/test";
import { brickSite } from "./brick-site";
import { test as base, expect, until } from "./fixtures";
import type { Modlaked } from "./modlaked";

declare global {
  var done: unknown[];
  var ready: boolean;
}

interface StoredRecord {
  id: string;
  data: { url: string; email: string; timestamp: string; event: string; data: unknown };
}

interface Stage {
  origin: string;
  key: string;
  database: string;
}

const test = base.extend<{ stage: Stage }>({
  stage: async ({ server }, use, { title }) => {
    const { origin, close } = await brickSite();
    const { id } = await server.api<{ id: string }>("POST", "/api/databases/", { name: title });
    await use({ origin, key: await server.browserKey(origin), database: id });
    close();
  },
});

const EMAIL = "ada@example.com";
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function inputs(database: string, eventName: string) {
  return { pixiebrix: {}, databaseId: database, eventName, data: { case: "A-17", seconds: 31 } };
}

async function open(page: Page, server: Modlaked, stage: Stage, given: object) {
  const options = { server: server.url, key: stage.key, user: { email: EMAIL }, retryMs: 200, maxRetryMs: 500 };
  await page.goto(`${stage.origin}/page#${encodeURIComponent(JSON.stringify({ options, ...given }))}`);
  await page.waitForFunction(() => globalThis.ready);
}

async function records(server: Modlaked, { database }: Stage, count: number): Promise<StoredRecord[]> {
  const read = () => server.api<StoredRecord[]>("GET", `/api/databases/${database}/records/`);
  return until(`${count} records`, async () => {
    const found = await read();
    return found.length >= count && found;
  }).then((found) => {
    if (!found) throw new Error("there are no records");
    expect(found).toHaveLength(count);
    return found;
  });
}

const outputs = (page: Page) => page.evaluate(() => globalThis.done);

test("the published definition puts its record where no code may be made of text", async ({ page, server, stage }) => {
  await open(page, server, stage, { inputs: [inputs(stage.database, "Case closed")] });
  await page.getByRole("button").click();
  const [record] = await records(server, stage, 1);
  const { timestamp } = record?.data ?? { timestamp: "" };
  expect(timestamp).toMatch(ISO);
  expect(record).toMatchObject({
    id: `${EMAIL}-${timestamp}`,
    data: {
      url: `${stage.origin}/page`,
      email: EMAIL,
      timestamp,
      event: "Case closed",
      data: { case: "A-17", seconds: 31 },
    },
  });
  // The first entry would be that `new Function` is allowed.
  expect(await outputs(page)).toEqual([{}]);
});

test("two events of one millisecond are two records", async ({ page, server, stage }) => {
  const twice = [inputs(stage.database, "First"), inputs(stage.database, "Second")];
  await open(page, server, stage, { inputs: twice, instant: true });
  await page.getByRole("button").click();
  const found = await records(server, stage, 2);
  expect(found.map(({ data }) => data.event).sort()).toEqual(["First", "Second"]);
  const [first, second] = found.map(({ data }) => data.timestamp);
  expect(first).toBe(second);
  const times = found.map(({ id }) => Date.parse(id.slice(EMAIL.length + 1))).sort((a, b) => a - b);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(1);
});

test("the mod goes on while the server is away, and the record comes later, once", async ({ page, server, stage }) => {
  await open(page, server, stage, { inputs: [inputs(stage.database, "While away")] });
  await server.stop();
  await page.getByRole("button").click();
  await expect.poll(() => outputs(page)).toEqual([{}]);
  await server.start();
  const [record] = await records(server, stage, 1);
  expect(record?.data.event).toBe("While away");
});
