/** The rules of a definition, from the top. `crates/brick/src/check.rs` has the same. */

import { Inputs } from "./check/inputs";
import { checkMetadata } from "./check/metadata";
import { checkPipeline } from "./check/pipeline";
import { checkInputSchema, checkSchema } from "./check/schema";
import { checkUi } from "./check/ui";
import { suggestion } from "./nearest";
import { entriesOf, expected, get, kindOf, type Node, textOf } from "./node";
import { pathText, type Step } from "./path";
import { type Code, type Place, type Problems, quoted, type Severity } from "./problem";

const TOP = [
  "apiVersion",
  "kind",
  "metadata",
  "inputSchema",
  "pipeline",
  "outputSchema",
  "services",
  "uiSchema",
  "defaultOutputKey",
];

/** Which version of the runtime a definition is written for. */
export type Rules = "v1" | "v2" | "v3";

export function checkDefinition(root: Node, problems: Problems): undefined {
  const checker = new Checker(problems);
  if (root.kind !== "map") {
    const message = expected("a mapping with apiVersion, kind, metadata, inputSchema and pipeline", root);
    checker.error("type", root.place, message, "see docs/bricks.md for an example");
  } else if (checkKind(checker, root)) {
    checkTop(checker, root);
  }
}

export class Checker {
  rules: Rules = "v3";
  readonly #problems: Problems;
  readonly #path: Step[] = [];

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  at(step: Step, check: () => void): undefined {
    // Names that nobody knows are compared with all that are known: that has to end.
    if (this.isFull) return;
    this.#path.push(step);
    check();
    this.#path.pop();
  }

  /** Whether no more problems are told. */
  get isFull(): boolean {
    return this.#problems.isFull;
  }

  required(parent: Node, key: string, example: string, check: (value: Node) => void): undefined {
    this.at(key, () => {
      const value = get(parent, key);
      if (value === undefined) this.error("missing", parent.place, `\`${key}\` is missing`, `write \`${example}\``);
      else check(value);
    });
  }

  optional(parent: Node, key: string, check: (value: Node) => void): undefined {
    const value = get(parent, key);
    if (value !== undefined) this.at(key, () => check(value));
  }

  error(code: Code, place: Place, message: string, hint: string): undefined {
    this.tell("error", code, place, message, hint);
  }

  warning(code: Code, place: Place, message: string, hint: string): undefined {
    this.tell("warning", code, place, message, hint);
  }

  tell(severity: Severity, code: Code, place: Place, message: string, hint: string): undefined {
    this.#problems.add(severity, code, pathText(this.#path), place, message, hint);
  }
}

function checkKind(checker: Checker, root: Node): boolean {
  const kind = get(root, "kind");
  if (kind === undefined) {
    const message = "Component definition is missing a 'kind' property";
    checker.at("kind", () => checker.error("missing", root.place, message, "write `kind: component`"));
    return true;
  }
  if (textOf(kind) === "component") return true;
  const text = textOf(kind);
  const found = text === undefined ? kindOf(kind) : quoted(text);
  const hint = "only definitions of components are checked and run";
  checker.at("kind", () => checker.error("value", kind.place, `expected the kind \`component\`, found ${found}`, hint));
  return false;
}

function checkTop(checker: Checker, root: Node): undefined {
  for (const { key, value } of entriesOf(root)) {
    if (TOP.includes(key)) continue;
    const hint = suggestion(key, TOP);
    checker.at(key, () => checker.error("unknown", value.place, `unknown property ${quoted(key)}`, hint));
  }
  let inputs = Inputs.open();
  checker.required(root, "apiVersion", "apiVersion: v3", (version) => checkApiVersion(checker, version));
  const metadata = 'metadata: {id: "@team/brick", version: 1.0.0, name: My brick}';
  checker.required(root, "metadata", metadata, (metadata) => checkMetadata(checker, metadata));
  checker.required(root, "inputSchema", "inputSchema: {type: object, properties: {}}", (schema) => {
    checkInputSchema(checker, schema);
    inputs = Inputs.of(schema);
  });
  checker.optional(root, "outputSchema", (schema) => checkSchema(checker, schema));
  checker.optional(root, "services", (services) => {
    if (services.kind === "map") return;
    checker.error("type", services.place, expected("a mapping", services), "name each service and its id");
  });
  checker.optional(root, "uiSchema", (ui) => checkUi(checker, ui, inputs));
  checker.optional(root, "defaultOutputKey", (key) => checkOutputKey(checker, key));
  checker.required(root, "pipeline", "pipeline: with a list of bricks", (list) => checkPipeline(checker, list, inputs));
}

function checkApiVersion(checker: Checker, version: Node): undefined {
  const text = textOf(version);
  if (text === "v3") return;
  if (text === "v1" || text === "v2") {
    checker.rules = text;
    const hint = "write expressions with tags, give every brick an outputKey, and set `apiVersion: v3`";
    checker.warning("not-run", version.place, "definitions of v1 and v2 are checked, but not run by the SDK", hint);
    return;
  }
  const found = text === undefined ? kindOf(version) : quoted(text);
  checker.error("value", version.place, `expected v1, v2 or v3, found ${found}`, "write `apiVersion: v3`");
}

export function checkOutputKey(checker: Checker, key: Node): undefined {
  const name = textOf(key);
  if (name === undefined) {
    const hint = "write the name under which later bricks find the output";
    checker.error("output-key", key.place, expected("a text", key), hint);
    return;
  }
  let hint: string;
  if (name.startsWith("@")) hint = `write ${quoted(name.slice(1))} without the @: it is used as ${quoted(name)}`;
  else if (!/^[A-Za-z_][\w-]*$/.test(name)) hint = "begin with a letter and go on with letters, digits, _ and -";
  else if (name === "input" || name === "options") hint = `choose another name: @${name} is what the brick was given`;
  else return;
  checker.error("output-key", key.place, `${quoted(name)} cannot be an output key`, hint);
}
