import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "@playwright/test";
import { build } from "vite";
import { arrived, count, expect, test, until } from "./fixtures";

test("a worker records", async ({ page, server, origins, options }) => {
  await page.goto(`${origins[0]}/empty`);
  await page.evaluate(
    (given) =>
      new Promise((done) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = done;
        worker.postMessage(given);
      }),
    options,
  );
  const [event] = await arrived(server, "From Worker", 1);
  expect(event?.url).toBe(`${origins[0]}/worker.js`);
});

test("the content script of an extension records", async ({ server, origins, options }) => {
  const folder = mkdtempSync(join(tmpdir(), "modlake-extension-"));
  const script = join(folder, "script.js");
  const sdk = resolve(import.meta.dirname, "../../sdk/dist/index.js");
  writeFileSync(
    script,
    `import { init } from ${JSON.stringify(sdk)};
     const client = init(${JSON.stringify(options)});
     client.record("From Extension");
     client.error(new Error("broken"), { modComponentId: "extension-component" });`,
  );
  await build({
    logLevel: "error",
    build: {
      lib: { entry: script, name: "script", formats: ["iife"], fileName: () => "content.js" },
      outDir: folder,
      emptyOutDir: false,
    },
  });
  const manifest = {
    manifest_version: 3,
    name: "test",
    version: "1.0",
    content_scripts: [{ matches: ["http://127.0.0.1/*"], js: ["content.js"] }],
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // The old headless mode, Playwright's default for other programs than its own, loads no extensions.
    headless: false,
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      `--disable-extensions-except=${folder}`,
      `--load-extension=${folder}`,
    ],
  });
  try {
    const page = await context.newPage();
    await page.goto(`${origins[0]}/empty`);
    const [event] = await arrived(server, "From Extension", 1);
    expect(event?.url).toBe(`${origins[0]}/empty`);
    const where = "mod_component_id = 'extension-component' and platform = 'extension'";
    await until("its error", async () => (await count(server, "product_errors", where)) === 1);
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
