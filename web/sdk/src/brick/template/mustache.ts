/** `!mustache` and `!handlebars`: values, sections and, in Handlebars, `if`, `unless`, `each` and `with`. Nothing is escaped. */

import { suggestion } from "../nearest";
import { quoted } from "../problem";
import { lookup, MAX_DEPTH, MAX_OUTPUT, MAX_STEPS, type Reference, TemplateFault } from "./fault";

export type Dialect = "mustache" | "handlebars";

type Part =
  | { type: "text"; text: string }
  | { type: "value"; path: string }
  /** `helper` is `#` or `^` for a plain section. */
  | { type: "section"; helper: string; path: string; body: Part[]; otherwise: Part[] };

export interface MustacheTemplate {
  dialect: Dialect;
  parts: Part[];
  references: Reference[];
}

interface Open {
  name: string;
  section: Extract<Part, { type: "section" }>;
  /** Where parts go. */
  into: Part[];
}

const HELPERS = ["if", "unless", "each", "with"];
/** What Handlebars itself puts behind an `@`. */
const DATA = ["@index", "@key", "@first", "@last", "@root"];

/** @throws TemplateFault when it cannot be read */
export function parseMustache(template: string, dialect: Dialect): MustacheTemplate {
  const parts: Part[] = [];
  const references: Reference[] = [];
  const open: Open[] = [];
  let rest = template;
  for (;;) {
    const into = open.at(-1)?.into ?? parts;
    const at = rest.indexOf("{{");
    if (at < 0) {
      into.push({ type: "text", text: rest });
      break;
    }
    into.push({ type: "text", text: rest.slice(0, at) });
    const isTriple = rest.startsWith("{{{", at);
    const inner = rest.slice(at + (isTriple ? 3 : 2));
    const end = inner.indexOf(isTriple ? "}}}" : "}}");
    if (end < 0) throw new TemplateFault("`{{` is not closed", "close it with `}}`");
    const tag = inner.slice(0, end).trim();
    rest = inner.slice(end + (isTriple ? 3 : 2));
    const mark = !isTriple && /^[#^/!&>=]/.test(tag) ? tag.charAt(0) : " ";
    const name = mark === " " ? tag : tag.slice(1).trim();
    if (mark === ">" || mark === "=") {
      const hint = "partials and other delimiters are not: write the template out";
      throw new TemplateFault(`${quoted(`{{${mark}`)} is not supported`, hint);
    }
    if (mark === "/") {
      const closed = open.pop();
      if (closed?.name !== name) throw closesAnother(name, closed?.name);
    } else if (mark === "#" || mark === "^") {
      const { opens, helper, path } = section(name, mark, dialect);
      references.push(...reference(path, open.length > 0, dialect));
      const part = { type: "section" as const, helper, path, body: [], otherwise: [] };
      into.push(part);
      open.push({ name: opens, section: part, into: part.body });
      if (open.length > MAX_DEPTH) throw TemplateFault.tooDeep();
    } else if (name === "else" && dialect === "handlebars" && mark === " ") {
      const block = open.at(-1);
      if (block === undefined) {
        throw new TemplateFault("`{{else}}` stands in no block", "put it between `{{#if …}}` and `{{/if}}`");
      }
      block.into = block.section.otherwise;
    } else if (mark !== "!") {
      references.push(...reference(name, open.length > 0, dialect));
      into.push({ type: "value", path: name });
    }
  }
  const left = open.pop();
  if (left !== undefined) {
    throw new TemplateFault(`${quoted(`{{#${left.name}}}`)} is not closed`, `close it with \`{{/${left.name}}}\``);
  }
  return { dialect, parts, references };
}

function closesAnother(name: string, opened: string | undefined): TemplateFault {
  const closed = quoted(`{{/${name}}}`);
  if (opened === undefined) {
    return new TemplateFault(`${closed} closes nothing`, "take it out, or open the section before it");
  }
  const hint = `close it with ${quoted(`{{/${opened}}}`)}`;
  return new TemplateFault(`${closed} closes another section than the one that is open`, hint);
}

/** What closes the section, what it does, and the value it looks at. */
function section(name: string, mark: string, dialect: Dialect): { opens: string; helper: string; path: string } {
  const [, helper = "", value = ""] = /^(\S+)\s(.*)$/s.exec(name) ?? [];
  if (dialect === "mustache" || helper === "") return { opens: name, helper: mark, path: name };
  if (mark === "#" && HELPERS.includes(helper)) return { opens: helper, helper, path: value.trim() };
  throw new TemplateFault(`unknown helper ${quoted(helper)}`, suggestion(helper, HELPERS));
}

/** Within a section a name without `@` may be one of the value at hand. */
function reference(name: string, within: boolean, dialect: Dialect): Reference[] {
  if (name === "." || (dialect === "handlebars" && isRelative(name))) return [];
  const parts = name.split(".");
  if (!parts.every((part) => /^[\w$@-]+$/.test(part))) {
    throw new TemplateFault(`${quoted(name)} is no path of a variable`, "write a path such as `@input.data`");
  }
  if (within && !name.startsWith("@")) return [];
  const [root = "", member] = parts;
  return [member === undefined ? { root } : { root, member }];
}

function isRelative(name: string): boolean {
  const root = name.split(/[./]/)[0] ?? "";
  return root === "this" || name.startsWith("../") || DATA.includes(root);
}

export function evaluateMustache(template: MustacheTemplate, variables: Readonly<Record<string, unknown>>): string {
  const evaluation = new Evaluation(template.dialect);
  evaluation.run(template.parts, [{ value: variables, data: {} }]);
  return evaluation.output;
}

/** A value whose members a template sees, the innermost last, with what Handlebars says about it. */
interface Context {
  value: unknown;
  data: Record<string, unknown>;
}

class Evaluation {
  output = "";
  readonly #dialect: Dialect;
  #steps = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  run(parts: readonly Part[], contexts: readonly Context[]): undefined {
    for (const part of parts) {
      this.#steps += 1;
      if (this.#steps > MAX_STEPS || this.output.length > MAX_OUTPUT) throw TemplateFault.tooLarge();
      if (part.type === "text") this.output += part.text;
      else if (part.type === "value") this.output += shown(this.#lookup(part.path, contexts));
      else this.#section(part, contexts);
    }
  }

  #section(part: Extract<Part, { type: "section" }>, contexts: readonly Context[]): undefined {
    const value = this.#lookup(part.path, contexts);
    const there = isThere(value);
    const within = (value: unknown, data: Record<string, unknown> = {}) =>
      this.run(part.body, [...contexts, { value, data: { ...contexts.at(-1)?.data, ...data } }]);
    const isNegative = part.helper === "^" || part.helper === "unless";
    if (isNegative ? there : !there) return this.run(part.otherwise, contexts);
    if (isNegative || part.helper === "if") return this.run(part.body, contexts);
    if (part.helper === "with") return within(value);
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        within(item, { "@index": index, "@key": index, "@first": index === 0, "@last": index === value.length - 1 });
      });
    } else if (part.helper === "each") {
      const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
      entries.forEach(([key, item], index) => {
        within(item, { "@index": index, "@key": key, "@first": index === 0, "@last": index === entries.length - 1 });
      });
    } else {
      within(value);
    }
  }

  #lookup(path: string, contexts: readonly Context[]): unknown {
    const innermost = contexts.at(-1);
    if (path === ".") return innermost?.value;
    if (this.#dialect === "handlebars") {
      if (path.startsWith("../"))
        return this.#lookup(path.slice(3), contexts.slice(0, Math.max(1, contexts.length - 1)));
      const [root = "", ...members] = path.split(/[./]/);
      if (root === "this") return members.reduce(lookup, innermost?.value);
      if (root === "@root") return members.reduce(lookup, contexts[0]?.value);
      if (DATA.includes(root)) return innermost?.data[root];
    }
    const [root = "", ...members] = path.split(".");
    for (const { value } of [...contexts].reverse()) {
      if (typeof value === "object" && value !== null && Object.hasOwn(value, root)) {
        return members.reduce<unknown>(lookup, lookup(value, root));
      }
    }
    return undefined;
  }
}

/** What a section runs for: an empty list is none. */
function isThere(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function shown(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
