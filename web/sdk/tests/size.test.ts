import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { size } from "../size.mjs";

const LIMIT = 6 * 1024;

it("weighs less than 6 KB compressed, all of the core together", async () => {
  expect((await size("*")).gzip).toBeLessThan(LIMIT);
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
