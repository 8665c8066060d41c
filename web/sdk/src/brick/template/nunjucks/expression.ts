/**
 * Expressions, by the precedence of Nunjucks: inline `if`, `or`, `and`, `not`, `in`, `is`, comparison, `~`, arithmetic, unary
 * with filters, members and calls.
 */

import { suggestion } from "../../nearest";
import { quoted } from "../../problem";
import { MAX_DEPTH, TemplateFault } from "../fault";
import { FILTERS } from "./filters";
import { FUNCTIONS } from "./functions";
import { METHODS } from "./methods";
import { TESTS } from "./tests";
import { type Token, unexpected } from "./token";

export interface Arguments {
  positional: Expression[];
  named: [string, Expression][];
}

export type Expression =
  | { type: "literal"; value: unknown }
  | { type: "name"; name: string }
  | { type: "member"; of: Expression; key: Expression }
  | { type: "method"; of: Expression; name: string; arguments: Arguments }
  | { type: "function"; name: string; arguments: Arguments }
  | { type: "filter"; of: Expression; name: string; arguments: Arguments }
  | { type: "test"; of: Expression; name: string; not: boolean; arguments: Arguments }
  | { type: "binary"; operator: string; left: Expression; right: Expression }
  | { type: "unary"; operator: string; of: Expression }
  | { type: "if"; condition: Expression; yes: Expression; no?: Expression }
  | { type: "list"; items: Expression[] }
  | { type: "map"; entries: [string, Expression][] };

/** Names that a scope defines: the others are variables that have to be there. */
export type IsLocal = (name: string) => boolean;

const LITERALS: Record<string, unknown> = { true: true, false: false, none: null, null: null };
const WORDS = ["if", "else", "and", "or", "not", "in", "is"];
/** Each binds closer than the one before; `+` and `-` differ in Nunjucks too. */
const LEVELS = [["~"], ["+"], ["-"], ["*"], ["/"], ["//"], ["%"], ["**"]];
const COMPARISONS = ["==", "===", "!=", "!==", "<", ">", "<=", ">="];

/** One expression and nothing behind it; `use` is told each variable with its first member. */
export function parseExpression(
  tokens: readonly Token[],
  isLocal: IsLocal,
  use: (root: string, member: string | undefined) => void,
): Expression {
  const parser = new ExpressionParser(tokens, isLocal, use);
  const expression = parser.any();
  parser.end();
  return expression;
}

class ExpressionParser {
  readonly #tokens: readonly Token[];
  readonly #isLocal: IsLocal;
  readonly #use: (root: string, member: string | undefined) => void;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], isLocal: IsLocal, use: (root: string, member: string | undefined) => void) {
    this.#tokens = tokens;
    this.#isLocal = isLocal;
    this.#use = use;
  }

  any(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw TemplateFault.tooDeep();
    let expression = this.#or();
    if (this.#takesName("if")) {
      const condition = this.#or();
      expression = { type: "if", condition, yes: expression };
      if (this.#takesName("else")) expression = { ...expression, no: this.any() };
    }
    this.#depth -= 1;
    return expression;
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token !== undefined) throw unexpected(token);
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#takesName("or")) left = { type: "binary", operator: "or", left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#takesName("and")) left = { type: "binary", operator: "and", left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    let nots = 0;
    while (this.#takesName("not")) nots += 1;
    let expression = this.#in();
    for (; nots > 0; nots--) expression = { type: "unary", operator: "not", of: expression };
    return expression;
  }

  #in(): Expression {
    let left = this.#is();
    for (;;) {
      const isNot = this.#takesName("not");
      if (!this.#takesName("in")) {
        if (isNot) throw this.#unexpected();
        return left;
      }
      left = { type: "binary", operator: "in", left, right: this.#is() };
      if (isNot) left = { type: "unary", operator: "not", of: left };
    }
  }

  #is(): Expression {
    const of = this.#compare();
    if (!this.#takesName("is")) return of;
    const not = this.#takesName("not");
    const name = this.#name();
    if (!Object.hasOwn(TESTS, name)) {
      throw new TemplateFault(`unknown test ${quoted(name)}`, suggestion(name, Object.keys(TESTS)));
    }
    return { type: "test", of, name, not, arguments: this.#takesMark("(") ? this.#arguments() : none() };
  }

  #compare(): Expression {
    let left = this.#arithmetic(0);
    for (;;) {
      const operator = COMPARISONS.find((mark) => this.#takesMark(mark));
      if (operator === undefined) return left;
      left = { type: "binary", operator, left, right: this.#arithmetic(0) };
    }
  }

  #arithmetic(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#arithmetic(level + 1);
    for (;;) {
      const operator = operators.find((mark) => this.#takesMark(mark));
      if (operator === undefined) return left;
      left = { type: "binary", operator, left, right: this.#arithmetic(level + 1) };
    }
  }

  #unary(): Expression {
    const signs: string[] = [];
    for (;;) {
      const sign = ["-", "+"].find((mark) => this.#takesMark(mark));
      if (sign === undefined) break;
      signs.push(sign);
    }
    let of = this.#postfix();
    for (const operator of signs.reverse()) of = { type: "unary", operator, of };
    while (this.#takesMark("|")) {
      const name = this.#name();
      if (!Object.hasOwn(FILTERS, name)) {
        throw new TemplateFault(`unknown filter ${quoted(name)}`, suggestion(name, Object.keys(FILTERS)));
      }
      of = { type: "filter", of, name, arguments: this.#takesMark("(") ? this.#arguments() : none() };
    }
    return of;
  }

  #postfix(): Expression {
    let of = this.#primary();
    let root = of.type === "name" && !this.#isLocal(of.name) ? of.name : undefined;
    const use = (member?: string) => {
      if (root !== undefined) this.#use(root, member);
      root = undefined;
    };
    for (;;) {
      if (this.#takesMark(".")) {
        const name = this.#name();
        if (this.#takesMark("(")) {
          if (!Object.hasOwn(METHODS, name)) {
            throw new TemplateFault(`unknown method ${quoted(name)}`, suggestion(name, Object.keys(METHODS)));
          }
          use();
          of = { type: "method", of, name, arguments: this.#arguments() };
        } else {
          use(name);
          of = { type: "member", of, key: { type: "literal", value: name } };
        }
      } else if (this.#takesMark("[")) {
        const [first, second] = this.#tokens.slice(this.#at, this.#at + 2);
        use(first?.type === "text" && second?.type === "mark" && second.mark === "]" ? first.text : undefined);
        of = { type: "member", of, key: this.any() };
        this.#expect("]");
      } else {
        use();
        return of;
      }
    }
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#unexpected();
    this.#at += 1;
    if (token.type === "text") return { type: "literal", value: token.text };
    if (token.type === "number") return { type: "literal", value: token.number };
    if (token.type === "name") return this.#symbol(token.name);
    if (token.mark === "(") {
      const items = this.#list(")");
      return items.at(-1) ?? { type: "literal", value: undefined };
    }
    if (token.mark === "[") return { type: "list", items: this.#list("]") };
    if (token.mark === "{") return { type: "map", entries: this.#entries() };
    throw unexpected(token);
  }

  #symbol(name: string): Expression {
    if (this.#takesMark("(")) {
      if (!Object.hasOwn(FUNCTIONS, name)) {
        throw new TemplateFault(`unknown function ${quoted(name)}`, suggestion(name, Object.keys(FUNCTIONS)));
      }
      return { type: "function", name, arguments: this.#arguments() };
    }
    if (Object.hasOwn(LITERALS, name)) return { type: "literal", value: LITERALS[name] };
    if (WORDS.includes(name)) throw unexpected({ type: "name", name });
    return { type: "name", name };
  }

  #list(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.#takesMark(close)) return items;
    for (;;) {
      items.push(this.any());
      if (this.#takesMark(close)) return items;
      this.#expect(",");
    }
  }

  #entries(): [string, Expression][] {
    const entries: [string, Expression][] = [];
    if (this.#takesMark("}")) return entries;
    for (;;) {
      const key = this.#tokens[this.#at];
      if (key?.type !== "text" && key?.type !== "name") throw this.#unexpected();
      this.#at += 1;
      this.#expect(":");
      entries.push([key.type === "text" ? key.text : key.name, this.any()]);
      if (this.#takesMark("}")) return entries;
      this.#expect(",");
    }
  }

  /** Behind `(`. */
  #arguments(): Arguments {
    const found = none();
    if (this.#takesMark(")")) return found;
    for (;;) {
      const [name, equals] = this.#tokens.slice(this.#at, this.#at + 2);
      if (name?.type === "name" && equals?.type === "mark" && equals.mark === "=") {
        this.#at += 2;
        found.named.push([name.name, this.any()]);
      } else {
        found.positional.push(this.any());
      }
      if (this.#takesMark(")")) return found;
      this.#expect(",");
    }
  }

  #name(): string {
    const token = this.#tokens[this.#at];
    if (token?.type !== "name") throw this.#unexpected();
    this.#at += 1;
    return token.name;
  }

  #takesName(name: string): boolean {
    const token = this.#tokens[this.#at];
    const there = token?.type === "name" && token.name === name;
    if (there) this.#at += 1;
    return there;
  }

  #takesMark(mark: string): boolean {
    const token = this.#tokens[this.#at];
    const there = token?.type === "mark" && token.mark === mark;
    if (there) this.#at += 1;
    return there;
  }

  #expect(mark: string): void {
    if (!this.#takesMark(mark)) throw this.#unexpected();
  }

  #unexpected(): TemplateFault {
    const token = this.#tokens[this.#at];
    if (token !== undefined) return unexpected(token);
    return new TemplateFault("an expression in the template ends too early", "write the value that is missing");
  }
}

function none(): Arguments {
  return { positional: [], named: [] };
}
