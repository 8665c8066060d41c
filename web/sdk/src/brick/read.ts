/** YAML or JSON → {@link Node}: scalars by the core schema of YAML 1.2, our tags, aliases written out, merge keys (`<<`). */

import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { nearest } from "./nearest";
import { type Entry, entriesOf, get, kindOf, type Node, TAGS, type Tag, takes, textOf, wants } from "./node";
import { type Code, type Limits, type Place, type Problems, quoted } from "./problem";

const START: Place = { line: 1, column: 1 };
const DATA_HINT = "a definition is a small program: leave data out of it";
const SYNTAX_HINT =
  "look for an indentation, a quote or a bracket that is off; a text that begins with @, % or ` needs quotes";

/** `undefined` when the text is no YAML or beyond a limit: then `problems` says so. */
export function read(input: string, limits: Limits, problems: Problems): Node | undefined {
  const refuse = (code: Code, place: Place, message: string, hint: string): undefined => {
    problems.add("error", code, "", place, message, hint);
  };
  // A code unit is one byte of UTF-8 at least.
  if (input.length > limits.bytes || new TextEncoder().encode(input).length > limits.bytes) {
    return refuse("too-large", START, `the file has more than ${limits.bytes} bytes`, DATA_HINT);
  }
  const text = input.startsWith("\u{feff}") ? input.slice(1) : input;
  try {
    return new Reader(text, limits, problems).root();
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.code, error.place, error.message, error.hint);
    // The parser is recursive.
    if (error instanceof RangeError) return refuse("too-large", START, tooDeep(limits), "make it flatter");
    throw error;
  }
}

function tooDeep(limits: Limits): string {
  return `lists and mappings are nested deeper than ${limits.depth}`;
}

/** Nothing of the file can be used. */
class Refusal extends Error {
  readonly code: Code;
  readonly place: Place;
  readonly hint: string;

  constructor(code: Code, place: Place, message: string, hint: string) {
    super(message);
    this.code = code;
    this.place = place;
    this.hint = hint;
  }
}

/** A value with what it weighs: values in it with itself, levels of lists and mappings. */
interface Weighed {
  node: Node;
  nodes: number;
  depth: number;
}

type YamlNode = unknown;

class Reader {
  readonly #text: string;
  readonly #limits: Limits;
  readonly #problems: Problems;
  readonly #lines = new LineCounter();
  readonly #anchors = new Map<string, Weighed | "open">();
  /** Values so far, with every alias written out and every anchor kept. */
  #nodes = 0;

  constructor(text: string, limits: Limits, problems: Problems) {
    this.#text = text;
    this.#limits = limits;
    this.#problems = problems;
  }

  root(): Node {
    const document = parseDocument(this.#text, {
      keepSourceTokens: true,
      lineCounter: this.#lines,
      logLevel: "error",
      prettyErrors: false,
      resolveKnownTags: false,
      schema: "core",
      uniqueKeys: false,
      version: "1.2",
    });
    const [error] = document.errors;
    if (error?.code === "MULTIPLE_DOCS") {
      throw new Refusal(
        "syntax",
        this.#at(error.pos[0]),
        "a second document begins here",
        "one file is one definition",
      );
    }
    if (error !== undefined) {
      throw new Refusal("syntax", this.#at(error.pos[0]), `this is no YAML: ${error.message}`, SYNTAX_HINT);
    }
    const { contents } = document;
    const at = this.#at(contents?.range?.[0] ?? 0);
    const root = contents === null ? undefined : this.#value(contents, at, 0).node;
    if (root === undefined || root.kind === "null") {
      throw new Refusal("missing", START, "the file is empty", "see docs/bricks.md for an example");
    }
    return root;
  }

  #at(offset: number): Place {
    const { line } = this.#lines.linePos(Math.min(offset, this.#text.length));
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    return { line: Math.max(line, 1), column: [...this.#text.slice(start, offset)].length + 1 };
  }

  #value(value: YamlNode, place: Place, depth: number): Weighed {
    if (isAlias(value)) return this.#alias(value.source, place, depth);
    const anchor = (value as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, "open");
    let found: Weighed;
    if (isMap(value) || isSeq(value)) {
      if (depth >= this.#limits.depth) throw new Refusal("too-large", place, tooDeep(this.#limits), "make it flatter");
      found = isMap(value) ? this.#map(value, place, depth) : this.#list(value, place, depth);
      found = { ...found, node: this.#tagged(found.node, value.tag) };
    } else {
      found = { node: this.#scalar(value, place), nodes: 1, depth: 0 };
    }
    this.#nodes += 1;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, found);
      this.#nodes += found.nodes;
    }
    if (this.#nodes > this.#limits.nodes) throw this.#tooMany(place);
    return found;
  }

  #alias(name: string, place: Place, depth: number): Weighed {
    const named = this.#anchors.get(name);
    if (named === undefined) throw new Refusal("syntax", place, "this is no YAML: unknown anchor", SYNTAX_HINT);
    if (named === "open") {
      throw new Refusal("syntax", place, "an alias stands within what it names", "write the value out");
    }
    if (this.#nodes + named.nodes > this.#limits.nodes) throw this.#tooMany(place);
    if (depth + named.depth > this.#limits.depth) {
      throw new Refusal("too-large", place, tooDeep(this.#limits), "make it flatter");
    }
    this.#nodes += named.nodes;
    return { ...named, node: { ...named.node, place } };
  }

  #tooMany(place: Place): Refusal {
    const message = `the file has more than ${this.#limits.nodes} values with its aliases written out`;
    return new Refusal("too-large", place, message, DATA_HINT);
  }

  #list(list: YAMLSeq, place: Place, depth: number): Weighed {
    const weighed = { nodes: 1, depth: 1 };
    const tokens = (list.srcToken as { items?: { start?: { type: string; offset: number }[] }[] } | undefined)?.items;
    const items = list.items.map((item, index) => {
      // A pair in a list is a mapping of one key: `[a: b]`.
      const value = isPair(item) ? { items: [item] } : item;
      const properties = tokens?.[index]?.start?.find(({ type }) => type === "tag" || type === "anchor");
      const offset = properties?.offset ?? (item as { range?: number[] | null } | null)?.range?.[0];
      const found = this.#value(value, offset === undefined ? place : this.#at(offset), depth + 1);
      return add(weighed, found);
    });
    return { ...weighed, node: { place, kind: "list", items } };
  }

  #map(map: YAMLMap, place: Place, depth: number): Weighed {
    const weighed = { nodes: 1, depth: 1 };
    const entries: Entry[] = [];
    const merged: Node[] = [];
    const seen = new Set<string>();
    for (const pair of map.items) {
      const [key, at, isMerge] = this.#key(pair.key, place);
      if (seen.has(key) && !isMerge)
        this.#tell("duplicate", at, `${quoted(key)} stands here twice`, "keep one of them");
      const node = add(weighed, this.#value(pair.value, at, depth + 1));
      if (isMerge) merged.push(...(node.kind === "list" ? node.items : [node]));
      else if (!seen.has(key)) entries.push({ key, value: node });
      seen.add(key);
    }
    for (const entry of merged.flatMap(entriesOf)) {
      if (!entries.some(({ key }) => key === entry.key)) entries.push(entry);
    }
    const node: Node = { place, kind: "map", entries };
    return { ...weighed, node: map.tag === undefined ? this.#fromJsonForm(node) : node };
  }

  #key(key: YamlNode, place: Place): [string, Place, boolean] {
    const at = this.#at((key as { range?: number[] | null } | null)?.range?.[0] ?? 0);
    if (isAlias(key)) throw new Refusal("syntax", at, "an alias is the key of a mapping", "write the key out");
    if (isMap(key) || isSeq(key)) {
      throw new Refusal("syntax", at, "a list or mapping is the key of a mapping", "keys are texts");
    }
    if (!isScalar(key)) return ["", place, false];
    const text = key.type === "PLAIN" ? (key.source ?? "") : String(key.value ?? "");
    return [text, at, text === "<<"];
  }

  #scalar(value: YamlNode, place: Place): Node {
    if (!isScalar(value)) return { place, kind: "null" };
    const { tag, type, source } = value;
    const text = typeof value.value === "string" ? value.value : (source ?? "");
    const isPlain = type === "PLAIN" || type === undefined;
    // The library writes the tag of the core schema's own types too where the file has none.
    const core = tag?.startsWith("tag:yaml.org,2002:") ? tag.slice(18) : undefined;
    if (core === "str" && !isPlain) return { place, kind: "text", text };
    if (tag === "!") return { place, kind: "text", text: isPlain ? (source ?? "") : text };
    if (tag === undefined) return isPlain ? resolve(source ?? "", place) : { place, kind: "text", text };
    if (core === "str") return { place, kind: "text", text: source ?? text };
    if (core !== undefined && ["null", "bool", "int", "float"].includes(core)) return resolve(source ?? text, place);
    return this.#tagged({ place, kind: "text", text }, tag);
  }

  /** A value with a tag: an expression where the tag is ours and fits, else as if it had none. */
  #tagged(node: Node, tag: string | undefined): Node {
    if (tag === undefined || tag === "tag:yaml.org,2002:map" || tag === "tag:yaml.org,2002:seq") return node;
    const name = tag.replace(/^tag:yaml\.org,2002:/, "!!").replace(/^!/, "");
    return this.#expression(name, node, "!");
  }

  #fromJsonForm(node: Node): Node {
    const name = textOf(get(node, "__type__"));
    const value = get(node, "__value__");
    if (name === undefined || value === undefined || entriesOf(node).length !== 2) return node;
    return this.#expression(name, { ...value, place: node.place }, "");
  }

  #expression(name: string, node: Node, mark: string): Node {
    const tag = TAGS.find((tag) => tag === name) as Tag | undefined;
    if (tag === undefined) {
      const meant = nearest(name, TAGS);
      const known = `known are: ${TAGS.map((tag) => mark + tag).join(", ")}`;
      const hint = meant === undefined ? known : `did you mean \`${mark}${meant}\`?`;
      this.#tell("tag", node.place, `unknown tag ${quoted(mark + name)}`, hint);
      return node;
    }
    if (!takes(tag, node)) {
      this.#tell("tag", node.place, `\`${mark}${tag}\` stands on ${kindOf(node)}`, `it stands on ${wants(tag)}`);
      return node;
    }
    return { place: node.place, kind: "expression", tag, value: node };
  }

  #tell(code: Code, place: Place, message: string, hint: string): void {
    this.#problems.add("error", code, "", place, message, hint);
  }
}

function add(sum: { nodes: number; depth: number }, part: Weighed): Node {
  sum.nodes += part.nodes;
  sum.depth = Math.max(sum.depth, part.depth + 1);
  return part.node;
}

const NUMBER = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

/** What a plain scalar is by the core schema of YAML 1.2 (section 10.3.2). */
function resolve(text: string, place: Place): Node {
  if (/^(~|null|Null|NULL)?$/.test(text)) return { place, kind: "null" };
  if (/^(true|True|TRUE)$/.test(text)) return { place, kind: "bool", bool: true };
  if (/^(false|False|FALSE)$/.test(text)) return { place, kind: "bool", bool: false };
  if (NUMBER.test(text) || /^0(o[0-7]+|x[\da-fA-F]+)$/.test(text))
    return { place, kind: "number", number: Number(text) };
  if (/^\.(nan|NaN|NAN)$/.test(text)) return { place, kind: "number", number: Number.NaN };
  const infinite = /^([-+]?)\.(inf|Inf|INF)$/.exec(text);
  if (infinite === null) return { place, kind: "text", text };
  return { place, kind: "number", number: infinite[1] === "-" ? -Infinity : Infinity };
}
