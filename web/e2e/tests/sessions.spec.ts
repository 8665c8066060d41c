import { compact, cost, count } from "../../ui/src/format";
import { expect, lastDay, shot, signIn, sql, test } from "./lake";

/** The session with the most signals and tool calls: the richest timeline there is. */
async function richest() {
  const [row] = await sql<{ session_id: string; tools: number; prompts: number }>(
    `select session_id, tool_calls as tools, turns as prompts from sessions
     where provider = 'claude_code' order by length(signals) desc, 2 desc, 1 limit 1`,
  );
  if (!row) throw new Error("the server has no session");
  return row;
}

const list = async () => `/sessions?days=90&until=${await lastDay()}`;

test("lists the sessions, filters and sorts them", async ({ page }) => {
  const { session_id } = await richest();
  await signIn(page, await list());
  const table = page.getByRole("table", { name: "Sessions" });
  await expect(table.locator("tbody a").first()).toBeVisible();
  await shot(page, "sessions-light");

  await page.getByLabel("Filter by text").fill(session_id);
  await expect(table.locator("tbody a")).toHaveCount(1);
  await expect(page).toHaveURL(new RegExp(`q=${session_id}`));
  await page.getByLabel("Filter by text").fill("no session has this");
  await expect(page.getByText("No session fits the filter")).toBeVisible();
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(table.locator("tbody a").first()).toBeVisible();

  await table.getByRole("columnheader", { name: "Cost" }).getByRole("button").click();
  await expect(page).toHaveURL(/sort=cost_usd&order=desc/);
  await expect(table.getByRole("columnheader", { name: "Cost" })).toHaveAttribute("aria-sort", "descending");

  await page.getByLabel("Agent").click();
  await page.getByRole("option", { name: /Claude Code/ }).click();
  await expect(page).toHaveURL(/agent=claude_code/);
  await expect(table.locator("tbody a").first()).toBeVisible();
});

test("opens a session from the list", async ({ page }) => {
  await signIn(page, await list());
  await page.getByRole("table", { name: "Sessions" }).locator("tbody a").first().click();
  await expect(page).toHaveURL(/\/sessions\/[^?]+/);
  await expect(page.getByRole("heading", { name: "Timeline" })).toBeVisible();
  await page.getByRole("link", { name: "Sessions", exact: true }).last().click();
  await expect(page).toHaveURL(/\/sessions\?.*days=90/);
});

test("a session's timeline tells each tool call once, and its drawer everything", async ({ page }) => {
  const { session_id, tools, prompts } = await richest();
  await signIn(page, `/sessions/${session_id}`);
  const figure = (name: string) => page.locator(".figures div", { hasText: name }).locator("dd");
  await expect(figure("Prompts")).toHaveText(String(prompts));
  await expect(page.locator(".group-head").first()).toBeVisible();
  const [asked] = await sql<{ n: number }>(
    `select count(*) as n from coding_agent_events
     where session_id = $1 and event_name = 'PermissionRequest' and tool_use_id is null`,
    [session_id],
  );
  await expect(page.getByRole("button", { name: /^Tools/ })).toHaveText(`Tools ${tools + (asked?.n ?? 0)}`);
  const entry = page.locator('.entry[data-kind="tool"]').first();
  await expect(entry).toBeVisible();
  await shot(page, "session-light");

  await entry.focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog");
  await expect(drawer).toBeVisible();
  await expect(drawer.getByText("event_id")).toBeVisible();
  await expect(drawer.getByText(session_id)).toBeVisible();
  const call = await drawer.locator(".columns div", { hasText: "tool_use_id" }).locator("dd").textContent();
  const [seen] = await sql<{ n: number }>(
    `select count(*) as n from coding_agent_events where session_id = $1 and tool_use_id = $2
     and event_name not like 'hook_%'`,
    [session_id, call ?? ""],
  );
  expect(await drawer.getByRole("tab").count()).toBeGreaterThanOrEqual(seen?.n ?? Number.POSITIVE_INFINITY);
  await expect(drawer.locator("pre:visible")).toContainText("{");
  await shot(page, "drawer-light");
  await expect(page).toHaveURL(/event=/);
  await page.reload();
  await expect(drawer).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);

  const background = page.getByRole("button", { name: /^Background/ });
  if (await background.isVisible()) {
    await background.click();
    await expect(page.locator('.entry[data-kind="background"]').first()).toBeAttached();
  }
});

test("the head of a session says what SQL says, whatever agent it is of", async ({ page }) => {
  const all = await sql<
    Record<"session_id" | "provider", string> & Record<string, number> & { cost_usd: number | null }
  >(
    `select * from (
       select provider, session_id, turns, tool_calls, tool_failures + api_errors as failures, cost_usd,
              unpriced_requests, total_tokens - output_tokens as input_tokens,
              row_number() over (partition by provider order by total_tokens desc, tool_calls desc, session_id) as place
       from sessions where api_requests > 0
     ) where place = 1 order by provider`,
  );
  await signIn(page, await list());
  for (const session of all) {
    await page.goto(`/sessions/${session.session_id}`);
    const figure = (name: string) => page.locator(".figures div", { hasText: name }).locator("dd");
    await expect(figure("Prompts")).toHaveText(count(session.turns));
    await expect(figure("Tool calls")).toHaveText(count(session.tool_calls));
    await expect(figure("Failures")).toHaveText(count(session.failures));
    await expect(figure("Tokens in")).toHaveText(compact(session.input_tokens));
    await expect(figure("Cost")).toHaveText(cost(session.cost_usd, session.unpriced_requests ?? 0));
    await expect(page.locator(`.facts .agent-${session.provider}`)).toBeVisible();
    await expect(page.locator(".entry").first()).toBeVisible();
    await shot(page, `session-${session.provider}`);
  }
});

test("a session that is not there is said", async ({ page }) => {
  await signIn(page, "/sessions/00000000-none");
  await expect(page.getByRole("heading", { name: "No such session" })).toBeVisible();
});

test("an unknown page is said", async ({ page }) => {
  await signIn(page, "/nothing/here");
  await expect(page.getByRole("heading", { name: "No such page" })).toBeVisible();
});

test.describe("dark", () => {
  test.use({ colorScheme: "dark" });
  test("list, session and drawer", async ({ page }) => {
    const { session_id } = await richest();
    await signIn(page, await list());
    await expect(page.getByRole("table", { name: "Sessions" }).locator("tbody a").first()).toBeVisible();
    await shot(page, "sessions-dark");
    await page.goto(`/sessions/${session_id}`);
    await page.locator('.entry[data-kind="tool"]').first().click();
    await expect(page.getByRole("dialog").getByText("event_id")).toBeVisible();
    await shot(page, "drawer-dark");
  });
});

test.describe("narrow", () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test("list and session", async ({ page }) => {
    const { session_id } = await richest();
    await signIn(page, await list());
    await expect(page.getByRole("table", { name: "Sessions" }).locator("tbody a").first()).toBeVisible();
    await shot(page, "sessions-narrow");
    await page.goto(`/sessions/${session_id}`);
    await expect(page.locator(".entry").first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await shot(page, "session-narrow", true);
  });
});
