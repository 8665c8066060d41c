import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";
import { size } from "../size.mjs";

const LIMIT = 6_000;

it("weighs less than 6,000 bytes compressed, all of the core together", async () => {
  expect((await size("*")).gzip).toBeLessThan(LIMIT);
});

it("weighs as much less as the file that pages load", async () => {
  const outDir = mkdtempSync(join(tmpdir(), "modlake-size-"));
  try {
    const configFile = resolve(import.meta.dirname, "../vite.config.ts");
    await build({ configFile, root: resolve(import.meta.dirname, ".."), logLevel: "error", build: { outDir } });
    const file = readFileSync(join(outDir, "index.js"));
    expect(file.toString()).toContain("sourceMappingURL");
    expect(gzipSync(file, { level: 9 }).length).toBeLessThan(LIMIT);
  } finally {
    rmSync(outDir, { recursive: true });
  }
});

it("weighs less where less of it is used", async () => {
  const [all, some] = await Promise.all([size("*"), size("{ init }")]);
  expect(some.gzip).toBeLessThan(all.gzip - 500);
});

it("needs nothing but the browser, and nothing of the brick runtime", () => {
  const files = readdirSync(new URL("../src", import.meta.url)).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    const imports = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8").matchAll(/from "([^"]+)"/g);
    for (const [, from] of imports) expect(from, file).toMatch(/^\.\/[a-z]+$/);
  }
});
