/** `!nunjucks` → a tree: output, `if`, `for`, `set`, `raw`, comments. */

import { suggestion } from "../../nearest";
import { quoted } from "../../problem";
import { MAX_DEPTH, type Reference, TemplateFault } from "../fault";
import { type Expression, parseExpression } from "./expression";
import { type Token, tokenize, unexpected } from "./token";

export type Statement =
  | { type: "text"; text: string }
  | { type: "output"; value: Expression }
  | { type: "set"; name: string; value: Expression }
  | { type: "if"; branches: { condition?: Expression; body: Statement[] }[] }
  | { type: "for"; names: string[]; list: Expression; body: Statement[]; otherwise: Statement[] };

export interface Template {
  body: Statement[];
  references: Reference[];
}

const TAGS = ["if", "elif", "elseif", "else", "endif", "for", "endfor", "set", "raw"];

/** A block whose end has not come; statements go into `body`. */
type Block = { body: Statement[]; locals: number } & (
  | { type: "template" }
  | { type: "if"; statement: Extract<Statement, { type: "if" }> }
  | { type: "for"; statement: Extract<Statement, { type: "for" }> }
);

/** @throws TemplateFault when it cannot be read */
export function parseNunjucks(template: string): Template {
  return new TemplateParser(template).parse();
}

class TemplateParser {
  #rest: string;
  #block: Block = { type: "template", body: [], locals: 0 };
  readonly #outer: Block[] = [];
  readonly #locals: string[] = [];
  readonly #references: Reference[] = [];

  constructor(template: string) {
    this.#rest = template;
  }

  parse(): Template {
    while (this.#step());
    if (this.#block.type !== "template") {
      const { type } = this.#block;
      throw new TemplateFault(`\`{% ${type} %}\` is not closed`, `close it with \`{% end${type} %}\``);
    }
    return { body: this.#block.body, references: this.#references };
  }

  /** Past the next tag; false at the end. */
  #step(): boolean {
    const at = this.#rest.search(/\{[{%#]/);
    if (at < 0) {
      this.#text(this.#rest);
      return false;
    }
    const open = this.#rest.slice(at, at + 2);
    const behind = this.#rest.slice(at + 2);
    if (open === "{#") {
      const end = behind.indexOf("#}");
      if (end < 0) throw notClosed(open, "#}");
      this.#text(this.#rest.slice(0, at));
      this.#rest = behind.slice(end + 2);
      return true;
    }
    const trims = behind.startsWith("-");
    const text = this.#rest.slice(0, at);
    this.#text(trims ? text.trimEnd() : text);
    const close = open === "{{" ? "}}" : "%}";
    const { tokens, rest } = tokenize(trims ? behind.slice(1) : behind, close);
    if (rest === undefined) throw notClosed(open, close);
    this.#rest = rest;
    if (open === "{{") this.#block.body.push({ type: "output", value: this.#expression(tokens) });
    else this.#tag(tokens);
    return true;
  }

  #text(text: string): undefined {
    if (text !== "") this.#block.body.push({ type: "text", text });
  }

  #expression(tokens: readonly Token[]): Expression {
    const isLocal = (name: string) => this.#locals.includes(name);
    return parseExpression(tokens, isLocal, (root, member) =>
      this.#references.push(member === undefined ? { root } : { root, member }),
    );
  }

  #tag(tokens: readonly Token[]): undefined {
    const [first, ...rest] = tokens;
    if (first?.type !== "name") throw new TemplateFault("`{%` without the name of a tag", suggestion("", TAGS));
    switch (first.name) {
      case "if": {
        const statement = { type: "if" as const, branches: [{ condition: this.#expression(rest), body: [] }] };
        return this.#begin({
          type: "if",
          statement,
          body: statement.branches[0]?.body ?? [],
          locals: this.#locals.length,
        });
      }
      case "elif":
      case "elseif":
        if (this.#block.type !== "if") throw strayed(first.name);
        return this.#branch(this.#block, { condition: this.#expression(rest), body: [] });
      case "else":
        return this.#else(rest);
      case "for":
        return this.#for(rest);
      case "endif":
        return this.#end(first.name, "if", rest);
      case "endfor":
        return this.#end(first.name, "for", rest);
      case "set":
        return this.#set(rest);
      case "raw":
        return this.#raw(rest);
      default:
        throw new TemplateFault(`unknown tag ${quoted(`{% ${first.name} %}`)}`, suggestion(first.name, TAGS));
    }
  }

  #begin(block: Block): undefined {
    if (this.#outer.length >= MAX_DEPTH) throw TemplateFault.tooDeep();
    if (block.type !== "template") this.#block.body.push(block.statement);
    this.#outer.push(this.#block);
    this.#block = block;
  }

  #branch(block: Extract<Block, { type: "if" }>, branch: { condition?: Expression; body: Statement[] }): undefined {
    block.statement.branches.push(branch);
    block.body = branch.body;
  }

  #else(rest: readonly Token[]): undefined {
    if (this.#block.type === "if") this.#branch(this.#block, { body: [] });
    else if (this.#block.type === "for") this.#block.body = this.#block.statement.otherwise;
    else throw strayed("else");
    nothing(rest);
  }

  #end(name: string, type: "if" | "for", rest: readonly Token[]): undefined {
    const outer = this.#outer.pop();
    if (this.#block.type !== type || outer === undefined) throw strayed(name);
    if (type === "for") this.#locals.length = this.#block.locals;
    this.#block = outer;
    nothing(rest);
  }

  #for(tokens: readonly Token[]): undefined {
    const at = tokens.findIndex((token) => token.type === "name" && token.name === "in");
    const names = tokens.slice(0, at < 0 ? 0 : at);
    const isGood = names.every((token, index) =>
      index % 2 === 0 ? token.type === "name" : token.type === "mark" && token.mark === ",",
    );
    if (!isGood || names.length % 2 === 0) {
      throw new TemplateFault("`{% for %}` names no variable and list", "write `{% for item in @input.list %}`");
    }
    const list = this.#expression(tokens.slice(at + 1));
    const locals = this.#locals.length;
    const defined = names.flatMap((token) => (token.type === "name" ? [token.name] : []));
    const statement: Statement = { type: "for", names: defined, list, body: [], otherwise: [] };
    this.#begin({ type: "for", statement, body: statement.body, locals });
    this.#locals.push(...defined, "loop");
  }

  #set(tokens: readonly Token[]): undefined {
    const [name, equals, ...value] = tokens;
    if (name?.type !== "name" || equals?.type !== "mark" || equals.mark !== "=") {
      throw new TemplateFault("`{% set %}` names no variable and value", "write `{% set name = @input.value %}`");
    }
    this.#block.body.push({ type: "set", name: name.name, value: this.#expression(value) });
    this.#locals.push(name.name);
  }

  #raw(rest: readonly Token[]): undefined {
    nothing(rest);
    const end = /\{%(-?)\s*endraw\s*-?%\}/.exec(this.#rest);
    if (end === null) throw new TemplateFault("`{% raw %}` is not closed", "close it with `{% endraw %}`");
    const text = this.#rest.slice(0, end.index);
    this.#text(end[1] === "-" ? text.trimEnd() : text);
    const behind = this.#rest.slice(end.index + end[0].length);
    this.#rest = end[0].endsWith("-%}") ? behind.trimStart() : behind;
  }
}

function nothing(rest: readonly Token[]): undefined {
  if (rest[0] !== undefined) throw unexpected(rest[0]);
}

function notClosed(open: string, close: string): TemplateFault {
  return new TemplateFault(`\`${open}\` is not closed`, `close it with \`${close}\``);
}

function strayed(name: string): TemplateFault {
  const hint = "look for the `{% if %}` or `{% for %}` before it";
  return new TemplateFault(`\`{% ${name} %}\` stands in no block it belongs to`, hint);
}
