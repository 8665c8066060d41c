import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ExpressionTag, referencesOf, TemplateFault } from "../../src/brick/template";

const CASES: Record<ExpressionTag, { good: string[]; bad: string[] }> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../fixtures/bricks/templates.json"), "utf8"),
);

// `crates/brick` is held to the same file.
describe.each(Object.entries(CASES))("%s", (tag, { good, bad }) => {
  it.each(good)("reads %j", (text) => {
    expect(() => referencesOf(tag as ExpressionTag, text)).not.toThrow();
  });

  it.each(bad)("refuses %j", (text) => {
    expect(() => referencesOf(tag as ExpressionTag, text)).toThrow(TemplateFault);
  });
});
