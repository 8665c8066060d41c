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

const TEMPLATES = [
  "{{ @input.name }}-{{ @instant.timestamp }}",
  "no tags at all",
  "a {{ @input.missing }} b {{ @input.missing.deeper }} c {{ @missing }}",
  "{{ @input.data['none'] }}|{{ none }}|{{ true }}|{{ 1.50 }}",
  "{{ @input.list }}|{{ @input.data }}",
  '{{ @input["name"] }}|{{ @input.data.nested["deep"][1] }}|{{ @input.list[0] }}',
  "{{ 1 + 2 * 3 - 4 / 2 }}|{{ (1 + 2) * 3 }}|{{ 7 // 2 }}|{{ 7 % 4 }}|{{ 2 ** 3 ** 2 }}|{{ -3 + 5 }}|{{ 10 - 3 - 2 }}",
  "{{ 1 ~ 2 ~ 'x' }}|{{ 'a' + 1 }}|{{ 5 - 2 + 1 }}",
  "{{ 1 == '1' }}|{{ 1 === '1' }}|{{ 1 != 2 }}|{{ 1 !== 1 }}|{{ 1 < 2 }}|{{ 2 <= 1 }}|{{ 2 > 1 }}|{{ 2 >= 3 }}",
  "{{ true and false or true }}|{{ not true }}|{{ not false and true }}|{{ 0 or 'x' }}|{{ 'a' and 'b' }}",
  "{{ 'a' in @input.list }}|{{ 'z' in @input.list }}|{{ 'ada' in @input.name }}|{{ 'case' in @input.data }}|{{ 1 not in [1] }}",
  "{{ 'yes' if @input.data.open else 'no' }}|{{ 'yes' if @input.missing }}|{{ 1 if false else (2 if false else 3) }}",
  "{{ @input.number is odd }}|{{ 4 is even }}|{{ @input.x is defined }}|{{ @input.x is undefined }}|{{ 9 is divisibleby(3) }}",
  "{{ 'x' is string }}|{{ 1 is number }}|{{ none is none }}|{{ 2 is gt(1) }}|{{ 2 is lessthan(1) }}|{{ 'a' is lower }}|{{ 'a' is not upper }}",
  "{% if @input.number > 5 %}big{% elif @input.number > 3 %}mid{% else %}small{% endif %}",
  "{% if false %}a{% elseif true %}b{% endif %}",
  "{% for x in @input.list %}{{ loop.index }}/{{ loop.length }}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
  "{% for x in @input.empty %}x{% else %}none{% endfor %}|{% for x in @input.missing %}x{% else %}none{% endfor %}",
  "{% for k, v in @input.data.nested %}{{ k }}={{ v }};{% endfor %}",
  "{% for a, b in [[1, 2], [3, 4]] %}{{ a }}+{{ b }};{% endfor %}",
  "{% for x in [1, 2] %}{% for y in [1, 2] %}{{ x }}{{ y }}{{ loop.revindex }} {% endfor %}{{ loop.first }}{% endfor %}",
  "{% set total = 0 %}{% for row in @input.rows %}{% set total = total + row.points %}{% endfor %}{{ total }}",
  "{% set x = 'a' %}{{ x | upper }}{% if true %}{% set x = 'b' %}{% endif %}{{ x }}",
  "a {# not {{ shown }} #} b",
  "{% raw %}{{ @input.name }}{% endraw %}",
  "a   {{- 1 -}}   b {%- if true -%}  c  {%- endif %} d",
  "{{ '}}' }}|{{ \"it's\" }}|{{ 'a\\'b' }}|{{ 'x\\ny' }}",
  "{{ [1, 'a', [2]] | join('-') }}|{{ {a: 1, 'b': 2} | dump }}",
  "{{ range(3) }}|{{ range(1, 4) | join }}|{{ range(0, 10, 3) | last }}",
  "{{ @input.name.toUpperCase() }}|{{ @input.name.split(' ')[1] }}|{{ 'abc'.slice(1) }}|{{ @input.list.join('+') }}|{{ (1.239).toFixed(1) }}",
  "{{ @input.number | float | round(1) }}|{{ 2.5 | round }}|{{ 2.14 | round(1, 'ceil') }}|{{ 2.19 | round(1, 'floor') }}",
  "{{ @input.name | capitalize }}|{{ @input.name | title }}|{{ @input.name | upper | lower | length }}",
  "{{ @input.x | default('d') }}|{{ '' | default('d') }}|{{ '' | default('d', true) }}|{{ 0 | d('e', true) }}",
  "{{ @input.list | first }}|{{ @input.list | last }}|{{ @input.list | reverse }}|{{ @input.list | sort }}|{{ 'abc' | reverse }}",
  "{{ @input.list | sort(true) }}|{{ @input.list | sort(false, true) }}|{{ @input.rows | sort(attribute='points') | join(',', 'points') }}",
  "{{ @input.rows | groupby('team') | dump }}|{{ @input.rows | sum('points') }}|{{ [1, 2] | sum }}",
  "{{ [3, 1, 2] | batch(2, 'x') | dump }}|{{ [1, 2, 3, 4, 5] | slice(2) | dump }}",
  "{{ @input.data.nested | dictsort | dump }}|{{ {b: 1, A: 2} | dictsort | dump }}|{{ {b: 1, A: 2} | dictsort(false, 'value') | dump }}",
  "{{ ' x ' | trim }}|{{ 'abc' | replace('b', 'X') }}|{{ 'aaa' | replace('a', 'b', 2) }}|{{ 'ab' | center(7) }}|",
  "{{ 'one two three four' | truncate(9) }}|{{ 'one two three' | truncate(5, true, '…') }}|{{ 'one two' | wordcount }}",
  "{{ 'a b&c' | urlencode }}|{{ {a: 'b c', d: 1} | urlencode }}|{{ 'a\\nb' | indent(2) }}|{{ 'a\\nb' | indent(2, true) }}",
  "{{ '12px' | int }}|{{ 'x' | int(5) }}|{{ '1.5x' | float }}|{{ -3 | abs }}|{{ 5 | string }}|{{ 'x' | list }}",
  "{{ @input.html | striptags }}|{{ @input.html | escape }}|{{ @input.html | e }}|{{ @input.html | safe }}|{{ 'a\\nb' | nl2br }}",
  "{{ @input.rows | selectattr('points') | length }}|{{ [0, 1, 2] | select('odd') }}|{{ [0, 1, 2] | reject('odd') }}|{{ [{a: 0}] | rejectattr('a') | length }}",
  "{{ @input.name | upper ~ '!' }}|{{ 1 + '2' | int }}|{{ -1 | abs }}",
  "{{ not @input.x }}|{{ @input.x or 'fallback' }}|{{ @input.data.case and @input.number }}",
];

describe("the own evaluator gives what Nunjucks gives", () => {
  it.each(TEMPLATES)("%s", (template) => {
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
