import { defineConfig } from "@playwright/test";

/**
 * Needs a running server with data: `BASE_URL` (default http://127.0.0.1:4318) and `KEY`, a key with scope read;
 * `INGEST_KEY`, a key without it, and `READ_KEY`, one with nothing else, add a test each. `CHROMIUM` is the browser's path.
 */
export default defineConfig({
  projects: [
    { name: "dashboard", testDir: "tests" },
    // Starts servers of its own, to stop them: `MODLAKED` is the program.
    { name: "sdk", testDir: "sdk" },
  ],
  fullyParallel: false,
  workers: 1,
  retries: 0,
  // A debug build of the server takes seconds for the views of a whole page, on a machine that compiles ten times as long.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env.BASE_URL ?? "http://127.0.0.1:4318",
    viewport: { width: 1400, height: 900 },
    locale: "en-US",
    timezoneId: "UTC",
    // So that no screenshot shows the drawer half way.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    },
  },
});
