/** Evaluates the tree of a template: no code is made of it, so it runs under any Content-Security-Policy. */

import { lookup, MAX_OUTPUT, MAX_STEPS, TemplateFault } from "../fault";
import type { Arguments, Expression } from "./expression";
import { applyFilter } from "./filters";
import { FUNCTIONS } from "./functions";
import { callMethod } from "./methods";
import type { Statement, Template } from "./parse";
import { TESTS } from "./tests";

/** The text; autoescape is off, as v3 has it. */
export function evaluateNunjucks(template: Template, variables: Readonly<Record<string, unknown>>): string {
  const evaluation = new Evaluation(variables);
  evaluation.run(template.body);
  return evaluation.output;
}

class Evaluation {
  output = "";
  #steps = 0;
  /** The innermost last; the first has the variables. */
  readonly #scopes: Record<string, unknown>[];

  constructor(variables: Readonly<Record<string, unknown>>) {
    this.#scopes = [Object.assign(Object.create(null), variables)];
  }

  run(body: readonly Statement[]): void {
    for (const statement of body) {
      this.#step();
      switch (statement.type) {
        case "text":
          this.#write(statement.text);
          break;
        case "output": {
          const value = this.#value(statement.value);
          if (value !== null && value !== undefined) this.#write(String(value));
          break;
        }
        case "set":
          this.#set(statement.name, this.#value(statement.value));
          break;
        case "if":
          this.run(
            statement.branches.find(({ condition }) => condition === undefined || this.#value(condition))?.body ?? [],
          );
          break;
        case "for":
          this.#for(statement);
      }
    }
  }

  #write(text: string): void {
    this.output += text;
    if (this.output.length > MAX_OUTPUT) throw TemplateFault.tooLarge();
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw TemplateFault.tooLarge();
  }

  #set(name: string, value: unknown): void {
    const scope = this.#scopeOf(name) ?? this.#scopes.at(-1);
    if (scope !== undefined) scope[name] = value;
  }

  #scopeOf(name: string): Record<string, unknown> | undefined {
    for (let at = this.#scopes.length - 1; at >= 0; at--) {
      const scope = this.#scopes[at];
      if (scope !== undefined && name in scope) return scope;
    }
    return undefined;
  }

  #for({ names, list, body, otherwise }: Extract<Statement, { type: "for" }>): void {
    const value = this.#value(list);
    const isMapping = names.length > 1 && typeof value === "object" && value !== null && !Array.isArray(value);
    const items: unknown[] = isMapping
      ? Object.entries(value)
      : Array.isArray(value) || typeof value === "string"
        ? [...value]
        : [];
    const { length } = items;
    items.forEach((item, index) => {
      this.#step();
      const scope: Record<string, unknown> = Object.create(null);
      names.forEach((name, at) => {
        scope[name] = names.length === 1 ? item : lookup(item, at);
      });
      scope.loop = {
        index: index + 1,
        index0: index,
        revindex: length - index,
        revindex0: length - index - 1,
        first: index === 0,
        last: index === length - 1,
        length,
      };
      this.#scopes.push(scope);
      this.run(body);
      this.#scopes.pop();
    });
    if (length === 0) this.run(otherwise);
  }

  #value(expression: Expression): unknown {
    this.#step();
    const value = this.#valueOf(expression);
    if ((typeof value === "string" || Array.isArray(value)) && value.length > MAX_OUTPUT)
      throw TemplateFault.tooLarge();
    return value;
  }

  #valueOf(expression: Expression): unknown {
    switch (expression.type) {
      case "literal":
        return expression.value;
      case "name":
        return this.#scopeOf(expression.name)?.[expression.name];
      case "member":
        return lookup(this.#value(expression.of), this.#value(expression.key));
      case "method":
        return callMethod(this.#value(expression.of), expression.name, this.#positional(expression.arguments));
      case "function":
        return FUNCTIONS[expression.name]?.(...this.#positional(expression.arguments));
      case "filter": {
        const named = Object.fromEntries(expression.arguments.named.map(([name, of]) => [name, this.#value(of)]));
        const positional = this.#positional(expression.arguments);
        return applyFilter(expression.name, this.#value(expression.of), { positional, named });
      }
      case "test": {
        const [other] = this.#positional(expression.arguments);
        return (TESTS[expression.name]?.(this.#value(expression.of), other) ?? false) !== expression.not;
      }
      case "binary":
        return this.#binary(expression.operator, expression.left, expression.right);
      case "unary": {
        const value = this.#value(expression.of);
        if (expression.operator === "not") return !value;
        return expression.operator === "-" ? -Number(value) : Number(value);
      }
      case "if":
        if (this.#value(expression.condition)) return this.#value(expression.yes);
        return expression.no === undefined ? "" : this.#value(expression.no);
      case "list":
        return expression.items.map((item) => this.#value(item));
      case "map":
        return Object.fromEntries(expression.entries.map(([key, value]) => [key, this.#value(value)]));
    }
  }

  #positional({ positional }: Arguments): unknown[] {
    return positional.map((value) => this.#value(value));
  }

  #binary(operator: string, left: Expression, right: Expression): unknown {
    const a = this.#value(left);
    if (operator === "and") return a && this.#value(right);
    if (operator === "or") return a || this.#value(right);
    return binary(operator, a, this.#value(right));
  }
}

function binary(operator: string, left: unknown, right: unknown): unknown {
  // As JavaScript has them: its own conversions are what templates were written against.
  const [a, b] = [left as number, right as number];
  switch (operator) {
    case "==":
      // biome-ignore lint/suspicious/noDoubleEquals: the operator of the template
      return a == b;
    case "!=":
      // biome-ignore lint/suspicious/noDoubleEquals: the operator of the template
      return a != b;
    case "===":
      return a === b;
    case "!==":
      return a !== b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
    case "~":
      return `${left ?? ""}${right ?? ""}`;
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return a % b;
    case "**":
      return a ** b;
    default:
      return isIn(left, right);
  }
}

function isIn(value: unknown, within: unknown): boolean {
  if (Array.isArray(within)) return within.includes(value);
  if (typeof within === "string") return within.includes(String(value));
  if (typeof within === "object" && within !== null) return Object.hasOwn(within, String(value));
  const hint = "look for `in` in a list, a text or a mapping";
  throw new TemplateFault("`in` needs a list, a text or a mapping", hint);
}
