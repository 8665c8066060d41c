import { describe, expect, it } from "vitest";
import { evaluate, TemplateFault } from "../../src/brick/template";

const VARIABLES = {
  "@input": {
    text: "a <b>",
    zero: 0,
    off: false,
    none: null,
    "First name": "Ada",
    "with-hyphen": 1,
    rows: [{ team: "x" }, { team: "y" }],
    empty: [],
    who: { name: "Ada", city: { name: "London" } },
  },
};

describe("!var", () => {
  it.each([
    ["@input.text", "a <b>"],
    ["@input.zero", 0],
    ["@input.off", false],
    ["@input.none", null],
    ["@input.rows", VARIABLES["@input"].rows],
    ["@input.rows[1].team", "y"],
    ["@input.rows.0.team", "x"],
    ['@input["First name"]', "Ada"],
    ["@input['First name']", "Ada"],
    ["@input.with-hyphen", 1],
    ["@input.who.city.name", "London"],
    ["@input.missing", undefined],
    ["@input.missing?.deeper", undefined],
    ["@input.none?.deeper.still?", undefined],
    ["@missing?.x", undefined],
    ["@input.constructor", undefined],
    ["@input.rows.length", 2],
  ])("%s keeps the type", (path, value) => {
    expect(evaluate("var", path, VARIABLES)).toEqual(value);
  });

  it.each(["@missing", "@missing.x", "@input.missing.deeper", "@input.none.deeper"])(
    "%s is not there, and says how to allow that",
    (path) => {
      expect(() => evaluate("var", path, VARIABLES)).toThrow(/is not defined/);
      expect(() => evaluate("var", path, VARIABLES)).toThrow(TemplateFault);
    },
  );

  it.each(["", "@", "@input.", "@input..x", "@input[x]", "@input x", "{{ @input }}"])("%j is no path", (path) => {
    expect(() => evaluate("var", path, VARIABLES)).toThrow("is no path of a variable");
  });
});

describe("!mustache", () => {
  it.each([
    ["{{ @input.text }}|{{{@input.text}}}|{{&@input.text}}", "a <b>|a <b>|a <b>"],
    ["{{ @input.zero }}{{ @input.none }}{{ @input.missing }}.", "0."],
    ["{{#@input.rows}}{{team}}{{.}}{{/@input.rows}}", "x[object Object]y[object Object]"],
    ["{{#@input.who}}{{name}} in {{city.name}}{{/@input.who}}", "Ada in London"],
    ["{{#@input.empty}}x{{/@input.empty}}{{^@input.empty}}none{{/@input.empty}}", "none"],
    ["{{^@input.off}}off{{/@input.off}}{{! not shown }}", "off"],
    ["{{#@input.who}}{{#city}}{{name}} {{@input.text}}{{/city}}{{/@input.who}}", "London a <b>"],
  ])("%s", (template, text) => {
    expect(evaluate("mustache", template, VARIABLES)).toBe(text);
  });
});

describe("!handlebars", () => {
  it.each([
    ["{{@input.text}}|{{{@input.text}}}", "a <b>|a <b>"],
    ["{{#each @input.rows}}{{@index}}{{team}}{{this.team}}{{#if @last}}.{{else}},{{/if}}{{/each}}", "0xx,1yy."],
    ["{{#each @input.who}}{{@key}};{{/each}}", "name;city;"],
    ["{{#each @input.empty}}x{{else}}none{{/each}}", "none"],
    ["{{#with @input.who}}{{name}} {{#with city}}{{name}} {{../name}}{{/with}}{{/with}}", "Ada London Ada"],
    ["{{#unless @input.off}}off{{else}}on{{/unless}}", "off"],
    ["{{#if @input.rows}}some{{/if}}{{#if @input.empty}}none{{/if}}", "some"],
    ["{{#@input.rows}}{{team}}{{/@input.rows}}", "xy"],
  ])("%s", (template, text) => {
    expect(evaluate("handlebars", template, VARIABLES)).toBe(text);
  });
});
