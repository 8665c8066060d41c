import { count } from "../../ui/src/format";
import { expect, shot, signIn, sql, test } from "./lake";

const PERIOD = "cast($1 as timestamp with time zone) and cast($2 as timestamp with time zone)";

interface Used {
  deployment_id: string;
  mod_id: string;
  people: number;
  events: number;
}

/** The deployments of the last 30 days, the one of most events first. */
async function used(): Promise<{ bounds: string[]; all: Used[] }> {
  const end = Math.ceil((Date.now() + 1) / 86_400_000) * 86_400_000;
  const bounds = [new Date(end - 30 * 86_400_000).toISOString(), new Date(end).toISOString()];
  const all = await sql<Used>(
    `select deployment_id, max(mod_id) as mod_id, count(distinct user_email) as people, count(*) as events
     from product_events where deployment_id is not null and event_time between ${PERIOD} group by 1 order by 4 desc`,
    bounds,
  );
  return { bounds, all };
}

async function first() {
  const { bounds, all } = await used();
  const [deployment] = all;
  if (!deployment) throw new Error("the server has no deployment: fill it with bench/demo.py");
  return { bounds, deployment, path: `/deployments/${deployment.deployment_id}?days=30` };
}

test("the list says what SQL says, and leads to a deployment", async ({ page }) => {
  const { all } = await used();
  await signIn(page, "/deployments?days=30");
  const table = page.getByRole("table", { name: "Deployments" });
  for (const { deployment_id, mod_id, people, events } of all) {
    const row = table.getByRole("row").filter({ hasText: deployment_id });
    await expect(row).toContainText(mod_id);
    await expect(row.getByRole("cell").nth(2)).toHaveText(count(people));
    await expect(row.getByRole("cell").nth(3)).toHaveText(count(events));
  }
  await shot(page, "deployments-light");
  await table.getByRole("columnheader", { name: "Events" }).getByRole("button").click();
  await table.locator("tbody a").first().click();
  await expect(page).toHaveURL(new RegExp(`/deployments/${all[0]?.deployment_id}\\?.*days=30`));
  await expect(page.getByRole("heading", { name: all[0]?.mod_id ?? "" })).toBeVisible();
  await page.getByRole("link", { name: "Deployments" }).last().click();
  await expect(page).toHaveURL(/\/deployments\?.*days=30/);
});

test("engagement tells who did what, by day, event and version", async ({ page }) => {
  const { bounds, deployment, path } = await first();
  const id = deployment.deployment_id;
  await signIn(page, path);
  const figure = (name: string) => page.locator(".figures div", { hasText: name }).locator("dd");
  await expect(figure("Events")).toHaveText(count(deployment.events));
  for (const name of ["Events", "People"]) {
    const chart = page.getByRole("region", { name, exact: true });
    await expect(chart.locator(".recharts-bar-rectangle path").first()).toBeVisible();
  }
  const [event] = await sql<{ event_name: string; label: string; n: number }>(
    `select event_name, label, count(*) as n from product_events
     where event_time between ${PERIOD} and deployment_id = $3 group by 1, 2 order by 3 desc, 1, 2 limit 1`,
    [...bounds, id],
  );
  const row = page.getByRole("table", { name: "By event" }).getByRole("row").nth(1);
  await expect(row).toContainText(event?.event_name ?? "");
  await expect(row).toContainText(event?.label ?? "");
  await expect(row.getByRole("cell").nth(2)).toHaveText(count(event?.n));
  const versions = await sql<{ version: string; n: number }>(
    `select mod_version as version, count(*) as n from product_events
     where event_time between ${PERIOD} and deployment_id = $3 group by 1`,
    [...bounds, id],
  );
  for (const { version, n } of versions) {
    const line = page.getByRole("table", { name: "By version" }).getByRole("row").filter({ hasText: version });
    await expect(line.getByRole("cell").nth(2)).toHaveText(count(n));
  }
  await expect(page.getByRole("table", { name: "By person" }).getByRole("row")).toHaveCount(deployment.people + 1);
  await shot(page, "deployment-engagement-light", true);
});

test("errors are grouped, and a group opens with its stacks by keyboard", async ({ page }) => {
  const { bounds, deployment, path } = await first();
  const [group] = await sql<{ message: string; n: number }>(
    `select message, count(*) as n from deployment_errors
     where event_time between ${PERIOD} and deployment_id = $3 and not is_cleared
     group by group_id, message order by n desc, message limit 1`,
    [...bounds, deployment.deployment_id],
  );
  await signIn(page, path);
  await page.getByRole("tab", { name: /^Errors/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tab=errors/);
  const table = page.getByRole("table", { name: "Errors" });
  await table.getByRole("columnheader", { name: "Count" }).getByRole("button").click();
  const row = table.getByRole("row").nth(1);
  await expect(row.getByRole("cell").nth(4)).toHaveText(count(group?.n));
  await shot(page, "deployment-errors-light", true);

  const message = await row.getByRole("button").textContent();
  await row.getByRole("button").focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog");
  await expect(drawer).toContainText(message ?? "");
  await expect(drawer.locator(".occurrence")).toHaveCount(Math.min(group?.n ?? 0, 100));
  await expect(drawer.locator("pre").first()).toContainText("at ");
  await expect(drawer.getByText("error_id")).toBeVisible();
  await shot(page, "error-drawer-light");
  const second = drawer.locator(".occurrence summary").nth(1);
  if (await second.count()) {
    await second.focus();
    await page.keyboard.press("Enter");
    await expect(drawer.locator(".occurrence").nth(1).locator("pre").first()).toBeVisible();
  }
  await page.reload();
  await expect(drawer).toContainText(message ?? "");
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await expect(page).not.toHaveURL(/group=/);
});

test("a key that only reads cannot clear errors", async ({ page }) => {
  const key = process.env.READ_KEY;
  test.skip(!key, "READ_KEY is not set");
  await signIn(page, `${(await first()).path}&tab=errors`, key);
  await expect(page.getByRole("table", { name: "Errors" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Clear errors" })).toHaveCount(0);
});

test("errors are cleared after a question, and stay in the lake", async ({ page }) => {
  // of the deployment that no other test looks at
  const deployment = (await used()).all.at(-1);
  const id = deployment?.deployment_id ?? "";
  const stored = async () => {
    const [row] = await sql<{ n: number }>("select count(*) as n from product_errors where deployment_id = $1", [id]);
    return row?.n;
  };
  const before = await stored();
  await signIn(page, `/deployments/${id}?days=30&tab=errors`);
  const table = page.getByRole("table", { name: "Errors" });
  await page.getByRole("button", { name: "Clear errors" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("Clear the errors of this deployment?");
  await shot(page, "clear-errors-light");
  await dialog.getByRole("button", { name: "Keep them" }).click();
  await expect(table).toBeVisible();
  await page.getByRole("button", { name: "Clear errors" }).click();
  await dialog.getByRole("button", { name: "Clear errors" }).click();
  await expect(page.getByText("No error in these days since they were cleared.")).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText(/^Cleared on/)).toBeVisible();
  await shot(page, "deployment-cleared-light");
  expect(await stored()).toBe(before);
});

test.describe("a server that fails", () => {
  test.use({ mayFail: true });
  test("a clearing that fails is said, and nothing is lost", async ({ page }) => {
    await signIn(page, `${(await first()).path}&tab=errors`);
    await page.route("**/api/deployments/**/errors/", (route) =>
      route.fulfill({ status: 503, json: { detail: "The catalog cannot be used now, try again." } }),
    );
    await page.getByRole("button", { name: "Clear errors" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Clear errors" }).click();
    await expect(page.getByRole("alert")).toContainText("The catalog cannot be used now");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("table", { name: "Errors" })).toBeVisible();
  });

  test("a list that cannot be read is said, and asked again on demand", async ({ page }) => {
    await signIn(page, "/sessions");
    const answer = { status: 400, json: { error: { message: "the query took too long", hint: "ask for fewer days" } } };
    await page.route("**/api/v1/sql", (route) => route.fulfill(answer));
    await page.getByRole("link", { name: "Deployments" }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("the query took too long");
    await shot(page, "deployments-failed");
    await page.unroute("**/api/v1/sql");
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("table", { name: "Deployments" })).toBeVisible();
  });
});

test("without any deployment the page says how to send", async ({ page }) => {
  await page.route("**/api/v1/sql", (route) => {
    const { query } = route.request().postDataJSON() as { query: string };
    const rows = query.includes("max(last_seen_at) as last_at from") ? [{ last_at: null }] : [];
    return route.fulfill({ json: { columns: [], rows } });
  });
  await signIn(page, "/deployments");
  await expect(page.getByRole("heading", { name: "No deployment seen yet" })).toBeVisible();
  await expect(page.locator("pre")).toContainText(`${new URL(page.url()).origin}/api/events/`);
  await shot(page, "deployments-empty");
});

test("days without anything lead to those that have something", async ({ page }) => {
  await signIn(page, "/deployments?days=7&until=2020-01-01");
  await page.getByRole("link", { name: "show that period" }).click();
  await expect(page.getByRole("table", { name: "Deployments" })).toBeVisible();
  const { deployment } = await first();
  await page.goto(`/deployments/${deployment.deployment_id}?days=7&until=2020-01-01`);
  await shot(page, "deployment-nothing");
  await page.getByRole("link", { name: "show that period" }).click();
  await expect(page.getByRole("table", { name: "By event" })).toBeVisible();
});

test("a deployment that is not there is said", async ({ page }) => {
  await signIn(page, "/deployments/no-such-deployment");
  await expect(page.getByRole("heading", { name: "No such deployment" })).toBeVisible();
});

test.describe("dark", () => {
  test.use({ colorScheme: "dark" });
  test("engagement, errors and drawer", async ({ page }) => {
    await signIn(page, (await first()).path);
    await expect(page.locator(".recharts-bar-rectangle path").first()).toBeVisible();
    await expect(page.getByRole("table", { name: "By version" })).toBeVisible();
    await shot(page, "deployment-engagement-dark", true);
    await page.getByRole("tab", { name: /^Errors/ }).click();
    await page.getByRole("table", { name: "Errors" }).getByRole("row").nth(1).getByRole("button").click();
    await expect(page.getByRole("dialog").locator("pre").first()).toBeVisible();
    await shot(page, "error-drawer-dark");
  });
});

test.describe("narrow", () => {
  test.use({ viewport: { width: 360, height: 780 } });
  test("fits a telephone", async ({ page }) => {
    const { path } = await first();
    await signIn(page, "/deployments?days=30");
    const fits = async () => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      const cut = await page
        .getByRole("table")
        .evaluateAll((tables) => tables.filter((table) => table.clientWidth > (table.parentElement?.clientWidth ?? 0)));
      expect(cut.length, "tables whose last columns are out of sight").toBe(0);
    };
    await expect(page.getByRole("table", { name: "Deployments" })).toBeVisible();
    await fits();
    await shot(page, "deployments-narrow", true);
    await page.goto(path);
    await expect(page.getByRole("table", { name: "By version" })).toBeVisible();
    await expect(page.locator(".recharts-bar-rectangle path").first()).toBeVisible();
    await fits();
    await shot(page, "deployment-engagement-narrow", true);
    await page.getByRole("tab", { name: /^Errors/ }).click();
    await expect(page.getByRole("table", { name: "Errors" })).toBeVisible();
    await fits();
    await shot(page, "deployment-errors-narrow", true);
    await page.getByRole("table", { name: "Errors" }).getByRole("row").nth(1).getByRole("button").click();
    await expect(page.getByRole("dialog").locator("pre").first()).toBeVisible();
    await shot(page, "error-drawer-narrow");
  });
});
