import { expect, readKey, shot, signIn, test } from "./lake";

test.use({ mayFail: true });

test("a wrong key is refused in words", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("Key").fill("no-such-key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("does not know this key");
  await expect(page.getByLabel("Key")).toHaveAttribute("aria-invalid", "true");
  await shot(page, "sign-in-refused");
});

test("a key that may only send is refused in words", async ({ page }) => {
  const key = process.env.INGEST_KEY;
  test.skip(!key, "INGEST_KEY is not set");
  await page.goto("/");
  await page.getByLabel("Key").fill(key ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("may not read");
});

test("a server that cannot be reached is said", async ({ page }) => {
  await page.goto("/");
  await page.route("**/api/v1/me", (route) => route.abort());
  await page.getByLabel("Key").fill("any");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("the server cannot be reached");
});

test("a deep link survives signing in, and signing out forgets the key", async ({ page }) => {
  await signIn(page, "/sessions?days=90");
  await expect(page).toHaveURL(/\/sessions\?days=90/);
  await expect(page.getByRole("heading", { name: /^Sessions/ })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: /^Sessions/ })).toBeVisible();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);

  await page.locator(".account").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("Key")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Key")).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("a key is remembered only when asked for", async ({ page, context }) => {
  await page.goto("/");
  await page.getByLabel("Key").fill(readKey());
  await page.getByLabel("Remember on this computer").click();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  const other = await context.newPage();
  await other.goto("/");
  await expect(other.getByRole("navigation", { name: "Pages" })).toBeVisible();
});

test("a key revoked meanwhile leads back to signing in", async ({ page }) => {
  await signIn(page, "/");
  await page.route("**/api/v1/sql", (route) =>
    route.fulfill({ status: 401, json: { error: { message: "unknown key" } } }),
  );
  await page.getByRole("link", { name: "Sessions" }).click();
  await expect(page.getByText("Signed out: unknown key.")).toBeVisible();
});
