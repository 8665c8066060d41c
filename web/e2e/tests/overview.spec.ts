import { compact, cost, count, unpriced } from "../../ui/src/format";
import { expect, lastDay, shot, signIn, sql, test } from "./lake";

const PERIOD =
  "started_at >= cast($1 as timestamp with time zone) and started_at < cast($2 as timestamp with time zone)";

/** The 30 days that end with the last day of data. */
async function period() {
  const until = await lastDay();
  const end = Date.parse(until) + 86_400_000;
  const bounds = [new Date(end - 30 * 86_400_000).toISOString(), new Date(end).toISOString()];
  return { path: `/?days=30&until=${until}`, bounds };
}

test("the tiles and tables say what SQL says", async ({ page }) => {
  const { path, bounds } = await period();
  const one = async (what: string, view: string, where = "true") => {
    const [row] = await sql<{ n: number | null }>(
      `select ${what} as n from ${view} where ${PERIOD} and ${where}`,
      bounds,
    );
    return row?.n ?? null;
  };
  const number = async (view: string, where = "true") => (await one("count(*)", view, where)) ?? 0;
  await signIn(page, path);
  const tile = (name: string) => page.locator(`[data-tile=${name}] .tile-value`);
  await expect(tile("sessions")).toHaveText(count(await number("sessions")));
  await expect(tile("people")).toHaveText(
    count(await one("count(distinct coalesce(user_email, user_id))", "sessions")),
  );
  const unknown = await number("costs", "cost_usd is null");
  await expect(tile("cost")).toHaveText(cost(await one("sum(cost_usd)", "costs"), unknown));
  if (unknown > 0) await expect(page.locator("[data-tile=cost]")).toContainText(unpriced(unknown) ?? "");
  await expect(tile("tokens")).toHaveText(compact(await one("sum(total_tokens)", "costs")));
  const failures = (await number("tool_calls", "success = false")) + (await number("api_requests", "success = false"));
  await expect(tile("failures")).toHaveText(count(failures));

  const [tool] = await sql<{ tool: string; calls: number }>(
    `select tool_name as tool, count(*) as calls from tool_calls
     where ${PERIOD} and mcp_tool is null group by 1 order by 2 desc, 1 limit 1`,
    bounds,
  );
  const row = page
    .getByRole("table", { name: "By tool" })
    .getByRole("row", { name: tool?.tool ?? "" })
    .first();
  await expect(row.getByRole("cell").nth(1)).toHaveText(count(tool?.calls));

  const [person] = await sql<{ name: string; sessions: number; cost: number }>(
    `select coalesce(user_email, user_id) as name, count(*) as sessions, sum(cost_usd) as cost from sessions
     where ${PERIOD} and user_email is not null group by 1 order by 3 desc nulls last, 1 limit 1`,
    bounds,
  );
  const mine = page
    .getByRole("table", { name: "By person" })
    .getByRole("row", { name: person?.name ?? "" })
    .getByRole("cell");
  await expect(mine.nth(1)).toHaveText(count(person?.sessions));
  await expect(mine.last()).toContainText(cost(person?.cost ?? null, 0));

  for (const name of ["Cost by model", "Tokens", "Sessions", "Failures"]) {
    await expect(page.getByRole("region", { name }).locator(".recharts-bar-rectangle path").first()).toBeVisible();
  }
  await shot(page, "overview-light", true);
});

test("tables sort by keyboard", async ({ page }) => {
  await signIn(page, (await period()).path);
  const table = page.getByRole("table", { name: "By tool" });
  const header = table.getByRole("columnheader", { name: "Tool" });
  await header.getByRole("button").focus();
  await page.keyboard.press("Enter");
  await expect(header).toHaveAttribute("aria-sort", "ascending");
  const names = await table.locator("tbody td:first-child").allTextContents();
  expect(names).toEqual([...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
});

test("the period is in the URL and moves", async ({ page }) => {
  await signIn(page, (await period()).path);
  await page.getByRole("radio", { name: "1 day", exact: true }).click();
  await expect(page).toHaveURL(/days=1(&|$)/);
  await expect(page.getByText("per hour (UTC)").first()).toBeVisible();
  await page.getByRole("button", { name: "Period before" }).click();
  await expect(page).toHaveURL(/until=\d{4}-\d{2}-\d{2}/);
});

test.describe("a server that fails", () => {
  test.use({ mayFail: true });
  test("a failing server is said, and asked again on demand", async ({ page }) => {
    await signIn(page, "/sessions");
    const answer = { status: 400, json: { error: { message: "the query took too long", hint: "ask for fewer days" } } };
    await page.route("**/api/v1/sql", (route) => route.fulfill(answer));
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
    const alert = page.getByRole("alert").first();
    await expect(alert).toContainText("the query took too long");
    await expect(alert).toContainText("ask for fewer days");
    await page.unroute("**/api/v1/sql");
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("alert")).toHaveCount(0);
  });
});

test("an empty lake says how to send", async ({ page }) => {
  await page.route("**/api/v1/sql", (route) => {
    const { query } = route.request().postDataJSON() as { query: string };
    const rows = query.includes("last_session") ? [{ last_session: null }] : [];
    return route.fulfill({ json: { columns: [], rows } });
  });
  await signIn(page, "/");
  await expect(page.getByRole("heading", { name: "Nothing received yet" })).toBeVisible();
  await expect(page.locator("pre")).toContainText(
    `OTEL_EXPORTER_OTLP_ENDPOINT=${new URL(page.url()).origin}/v1/otel/claude`,
  );
  await shot(page, "empty");
});

test.describe("dark", () => {
  test.use({ colorScheme: "dark" });
  test("follows the system", async ({ page }) => {
    await signIn(page, (await period()).path);
    await expect(page.locator(".tile").first()).toBeVisible();
    const light = await page.evaluate(() => {
      const [red = 255] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
      return red;
    });
    expect(light).toBeLessThan(60);
    await expect(page.locator(".recharts-bar-rectangle path").first()).toBeVisible();
    await shot(page, "overview-dark", true);
  });
});

test.describe("narrow", () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test("fits a telephone", async ({ page }) => {
    await signIn(page, (await period()).path);
    await expect(page.locator(".recharts-bar-rectangle path").first()).toBeVisible();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    const cut = await page
      .getByRole("table")
      .evaluateAll((tables) => tables.filter((table) => table.clientWidth > (table.parentElement?.clientWidth ?? 0)));
    expect(cut.length, "tables whose last columns are out of sight").toBe(0);
    await shot(page, "overview-narrow", true);
  });
});
