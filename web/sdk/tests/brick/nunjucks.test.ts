import { readFileSync } from "node:fs";
import { join } from "node:path";
import nunjucks from "nunjucks";
import { describe, expect, it } from "vitest";
import { evaluate, referencesOf, TemplateFault } from "../../src/brick/template";

const VARIABLES = {
  "@input": {
    name: "ada lovelace",
    data: { case: "A-17", open: true, none: null, nested: { deep: [10, 20] } },
    list: ["b", "a", "C"],
    rows: [
      { team: "x", points: 3 },
      { team: "y", points: 1 },
      { team: "x", points: 2 },
    ],
    empty: [],
    number: 7,
    html: '<b title="x">bold</b>  & more',
  },
  "@instant": { timestamp: "2026-11-21T10:00:00.123Z" },
};

/** Mozilla's own implementation with autoescape off: it takes `@` for a letter. */
const theirs = new nunjucks.Environment(null, { autoescape: false });
const ours = (template: string) => evaluate("nunjucks", template, VARIABLES);

// `crates/brick` reads the same ones, and refuses what is bad.
const TEMPLATES: { good: string[]; bad: string[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../fixtures/bricks/templates.json"), "utf8"),
).nunjucks;

describe("the own evaluator gives what Nunjucks gives", () => {
  it.each(TEMPLATES.good)("%s", (template) => {
    expect(ours(template)).toBe(theirs.renderString(template, VARIABLES));
  });
});

describe("templates", () => {
  it("see a variable with hyphens by underscores", () => {
    expect(evaluate("nunjucks", "{{ @page_context.url }}", { "@page-context": { url: "u" } })).toBe("u");
  });

  it("reach nothing of a prototype", () => {
    for (const template of [
      "{{ @input.constructor }}",
      "{{ @input.list.constructor }}",
      "{{ @input['__proto__'] }}",
      "{{ @input.name.constructor.constructor }}",
      "{{ {}.constructor }}",
      "{{ constructor }}{{ toString }}{{ __proto__ }}",
    ]) {
      expect(ours(template), template).toBe("");
    }
    expect(() => ours("{{ @input.name.constructor() }}")).toThrow("unknown method `constructor`");
    expect(() => ours("{{ @input.toUpperCase() }}")).toThrow("the value has no method `toUpperCase`");
  });

  it.each([
    "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}",
    "{{ range(1000000000) }}",
    "{{ 'x'.repeat(1000000000) }}",
    "{{ 'x'.padEnd(1000000000) }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ 'x' | indent(1000000000) }}",
    "{% set x = 'xxxxxxxxxx' %}{% for a in range(100) %}{% set x = x + x %}{% endfor %}",
    "{% set x = 'aaaaaaaaaa' %}{% for a in range(100) %}{% set x = x | replace('a', x) %}{% endfor %}",
    "{% set x = [1, 2] %}{% for a in range(100) %}{% set x = x.concat(x) %}{% endfor %}",
  ])("end before they take the page's memory: %s", (template) => {
    expect(() => ours(template)).toThrow("the template makes too much");
  });

  it.each([
    `${"{{ ".repeat(1)}${"(".repeat(40)}1${")".repeat(40)} }}`,
    `${"{% if true %}".repeat(40)}${"{% endif %}".repeat(40)}`,
  ])("are nested no deeper than they may be", (template) => {
    expect(() => ours(template)).toThrow("nested deeper than 32");
  });

  it("tell which variables they use, and not those that they make", () => {
    const references = referencesOf(
      "nunjucks",
      "{% for x in @input.list %}{{ x.y ~ loop.index ~ @a['b'] }}{% endfor %}{{ x }}",
    );
    expect(references).toEqual([{ root: "@input", member: "list" }, { root: "@a", member: "b" }, { root: "x" }]);
  });

  it("that cannot be read are faults with a hint", () => {
    expect(() => ours("{{ 1 + }}")).toThrow(TemplateFault);
  });
});
