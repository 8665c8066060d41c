import { test as base, expect, type Page } from "@playwright/test";

const BASE_URL = process.env.BASE_URL ?? "http://127.0.0.1:4318";

export function readKey(): string {
  const key = process.env.KEY;
  if (!key) throw new Error("KEY is not set: give the tests a key with scope read");
  return key;
}

/** What SQL says, asked past the page. */
export async function sql<Row>(query: string, params: (string | number)[] = []): Promise<Row[]> {
  const response = await fetch(`${BASE_URL}/api/v1/sql`, {
    method: "POST",
    headers: { authorization: `Bearer ${readKey()}`, "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query, params }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} for ${query}: ${text}`);
  return (JSON.parse(text) as { rows: Row[] }).rows;
}

/** Last day with data, so that the tests do not age with the data they run on. */
export async function lastDay(): Promise<string> {
  const [row] = await sql<{ last: string | null }>("select max(event_time) as last from coding_agent_events");
  if (!row?.last) throw new Error("the server has no data: send it the captured requests first");
  return row.last.slice(0, 10);
}

/** A page that fails the test for an error on the console, an exception or a request to another place. */
export const test = base.extend<{ page: Page; mayFail: boolean }>({
  /** For tests that make the server's answers fail: Chromium logs each of them on the console. */
  mayFail: [false, { option: true }],
  page: async ({ page, mayFail }, use) => {
    const wrong: string[] = [];
    page.on("console", (message) => {
      const ofAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !(mayFail && ofAnswer)) wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol !== "data:" && url.origin !== new URL(BASE_URL).origin) wrong.push(`request to ${url.origin}`);
    });
    await use(page);
    expect(wrong).toEqual([]);
  },
});

export async function signIn(page: Page, path: string, key: string = readKey()) {
  await page.goto(path);
  await page.getByLabel("Key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
}

export async function shot(page: Page, name: string, fullPage = false) {
  await page.screenshot({ path: `screenshots-out/${name}.png`, fullPage });
}

export { expect };
