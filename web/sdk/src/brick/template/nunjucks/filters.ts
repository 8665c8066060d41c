/**
 * Filters, by the documentation of Nunjucks' own (https://mozilla.github.io/nunjucks/templating.html#builtin-filters), without
 * autoescape: `safe` changes nothing. `urlize` is left out, for it makes markup.
 */

import { lookup, MAX_OUTPUT, TemplateFault } from "../fault";
import { TESTS } from "./tests";

export interface Given {
  positional: unknown[];
  named: Readonly<Record<string, unknown>>;
}

type Filter = (value: unknown, given: (index: number, name?: string) => unknown) => unknown;

const text = (value: unknown): string =>
  value === null || value === undefined || value === false ? "" : String(value);
const list = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? [...value] : [];
};
const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const path = (value: unknown, name: unknown): unknown =>
  String(name)
    .split(".")
    .reduce((value: unknown, part) => lookup(value, part), value);
const blanks = (count: number): string => {
  if (!(count <= MAX_OUTPUT)) throw TemplateFault.tooLarge();
  return " ".repeat(Math.max(0, count));
};
const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
const orDefault: Filter = (value, given) =>
  given(1, "boolean") ? value || given(0) : value === undefined ? given(0) : value;
const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  '"': "&quot;",
  "'": "&#39;",
  "<": "&lt;",
  ">": "&gt;",
  "`": "&#96;",
  "\\": "&#92;",
};
const escaped: Filter = (value) => text(value).replace(/[&"'<>`\\]/g, (char) => ENTITIES[char] ?? char);

function bySize(items: unknown[], size: number, fill: unknown): unknown[][] {
  const rows: unknown[][] = [];
  for (let at = 0; at < items.length; at += Math.max(1, size)) rows.push(items.slice(at, at + Math.max(1, size)));
  const last = rows.at(-1);
  if (fill !== undefined && last !== undefined) while (last.length < Math.min(size, MAX_OUTPUT)) last.push(fill);
  return rows;
}

function compare(a: unknown, b: unknown): number {
  return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
}

function folded(value: unknown, isCaseSensitive: unknown): unknown {
  return typeof value === "string" && !isCaseSensitive ? value.toLowerCase() : value;
}

function chosen(value: unknown, given: (index: number) => unknown, wanted: boolean): unknown[] {
  const test = TESTS[String(given(0) ?? "truthy")] ?? (() => false);
  return list(value).filter((item) => test(item, given(1)) === wanted);
}

const join: Filter = (value, given) => {
  const attribute = given(1, "attribute");
  const items = attribute === undefined ? list(value) : list(value).map((item) => lookup(item, attribute));
  return items.map((item) => (item === null || item === undefined ? "" : String(item))).join(text(given(0, "d")));
};

const replace: Filter = (value, given) => {
  const [source, from, to, most] = [text(value), String(given(0)), String(given(1) ?? ""), given(2)];
  let left = most === undefined || most === -1 ? Number.POSITIVE_INFINITY : Number(most);
  if (from === "") return left > 0 ? to + [...source].join(to) + to : source;
  const parts = source.split(from);
  let made = parts[0] ?? "";
  for (const part of parts.slice(1)) {
    left -= 1;
    made += (left >= 0 ? to : from) + part;
    if (made.length > MAX_OUTPUT) throw TemplateFault.tooLarge();
  }
  return made;
};

const round: Filter = (value, given) => {
  const factor = 10 ** Number(given(0, "precision") ?? 0);
  const by = { ceil: Math.ceil, floor: Math.floor }[String(given(1, "method"))] ?? Math.round;
  return by(Number(value) * factor) / factor;
};

const slice: Filter = (value, given) => {
  const items = list(value);
  const count = Math.max(1, Number(given(0, "slices")));
  if (!(count <= 10_000)) throw TemplateFault.tooLarge();
  const length = Math.floor(items.length / count);
  const longer = items.length % count;
  const fill = given(1, "fillWith");
  return Array.from({ length: count }, (_, index) => {
    const start = index * length + Math.min(index, longer);
    const part = items.slice(start, start + length + (index < longer ? 1 : 0));
    if (fill !== undefined && longer > 0 && index >= longer) part.push(fill);
    return part;
  });
};

const sort: Filter = (value, given) => {
  const attribute = given(2, "attribute");
  const key = (item: unknown) =>
    folded(attribute === undefined ? item : path(item, attribute), given(1, "case_sensitive"));
  const sorted = [...list(value)].sort((a, b) => compare(key(a), key(b)));
  return given(0, "reverse") ? sorted.reverse() : sorted;
};

const dictsort: Filter = (value, given) => {
  const by = String(given(1, "by") ?? "key") === "value" ? 1 : 0;
  const key = (entry: [string, unknown]) => {
    const value = folded(entry[by], given(0, "case_sensitive"));
    return typeof value === "string" ? value.toUpperCase() : value;
  };
  return Object.entries(record(value)).sort((a, b) => compare(key(a), key(b)));
};

const truncate: Filter = (value, given) => {
  const source = text(value);
  const length = Number(given(0, "length") ?? 255);
  if (source.length <= length) return source;
  const cut = source.slice(0, length);
  const blank = cut.lastIndexOf(" ");
  return (given(1, "killwords") ? cut : cut.slice(0, blank < 0 ? length : blank)) + String(given(2, "end") ?? "...");
};

const indent: Filter = (value, given) => {
  const margin = blanks(Number(given(0, "width") ?? 4));
  const lines = text(value).split("\n");
  return lines.map((line, index) => (index === 0 && !given(1, "indentfirst") ? line : margin + line)).join("\n");
};

const center: Filter = (value, given) => {
  const source = text(value);
  const width = Number(given(0, "width") ?? 80);
  if (source.length >= width) return source;
  const before = Math.floor((width - source.length) / 2);
  return blanks(before) + source + blanks(width - source.length - before);
};

const groupby: Filter = (value, given) => {
  const groups: Record<string, unknown[]> = Object.create(null);
  for (const item of list(value)) {
    const key = String(path(item, given(0)));
    groups[key] ??= [];
    groups[key].push(item);
  }
  return { ...groups };
};

const sum: Filter = (value, given) => {
  const attribute = given(0, "attribute");
  const items = attribute === undefined ? list(value) : list(value).map((item) => lookup(item, attribute));
  return items.reduce((sum: number, item) => sum + Number(item), Number(given(1, "start") ?? 0));
};

const striptags: Filter = (value, given) => {
  const bare = text(value)
    .replace(/<\/?([a-z][a-z0-9]*)\b[^>]*>|<!--[\s\S]*?-->/gi, "")
    .trim();
  if (!given(0, "preserve_linebreaks")) return bare.replace(/\s+/gi, " ");
  return bare
    .replace(/^ +| +$/gm, "")
    .replace(/ +/g, " ")
    .replace(/(\r\n)/g, "\n")
    .replace(/\n\n\n+/g, "\n\n");
};

const urlencode: Filter = (value) => {
  if (typeof value === "string") return encodeURIComponent(value);
  const pairs = Array.isArray(value) ? value : Object.entries(record(value));
  return pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");
};

const int: Filter = (value, given) => {
  const number = Number.parseInt(String(value), Number(given(1, "base") ?? 10));
  return Number.isNaN(number) ? (given(0, "default") ?? 0) : number;
};

const float: Filter = (value, given) => {
  const number = Number.parseFloat(String(value));
  return Number.isNaN(number) ? (given(0, "default") ?? 0) : number;
};

const length: Filter = (value) => {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return Object.keys(record(value)).length;
};

const FILTERS_BY_NAME: Record<string, Filter> = {
  abs: (value) => Math.abs(Number(value)),
  batch: (value, given) => bySize(list(value), Number(given(0)), given(1)),
  capitalize: (value) => capitalize(text(value)),
  center,
  d: orDefault,
  default: orDefault,
  dictsort,
  dump: (value, given) => JSON.stringify(value, null, given(0) as number | undefined),
  e: escaped,
  escape: escaped,
  first: (value) => lookup(value, 0),
  float,
  forceescape: escaped,
  groupby,
  indent,
  int,
  join,
  last: (value) => list(value).at(-1),
  length,
  list: (value) => {
    if (typeof value === "string" || Array.isArray(value)) return list(value);
    return Object.entries(record(value)).map(([key, value]) => ({ key, value }));
  },
  lower: (value) => text(value).toLowerCase(),
  nl2br: (value) => text(value).replace(/\r\n|\n/g, "<br />\n"),
  random: (value) => list(value)[Math.floor(Math.random() * list(value).length)],
  reject: (value, given) => chosen(value, given, false),
  rejectattr: (value, given) => list(value).filter((item) => !lookup(item, given(0))),
  replace,
  reverse: (value) => (typeof value === "string" ? [...value].reverse().join("") : [...list(value)].reverse()),
  round,
  safe: (value) => (value === null || value === undefined ? "" : value),
  select: (value, given) => chosen(value, given, true),
  selectattr: (value, given) => list(value).filter((item) => lookup(item, given(0))),
  slice,
  sort,
  string: (value) => String(value),
  striptags,
  sum,
  title: (value) =>
    text(value)
      .split(" ")
      .map((word) => capitalize(word))
      .join(" "),
  trim: (value) => String(value ?? "").trim(),
  truncate,
  upper: (value) => text(value).toUpperCase(),
  urlencode,
  wordcount: (value) => text(value).match(/\w+/g)?.length ?? null,
};

export const FILTERS: Readonly<Record<string, unknown>> = FILTERS_BY_NAME;

export function applyFilter(name: string, value: unknown, { positional, named }: Given): unknown {
  const given = (index: number, name?: string): unknown =>
    index < positional.length ? positional[index] : name === undefined ? undefined : named[name];
  return FILTERS_BY_NAME[name]?.(value, given);
}
