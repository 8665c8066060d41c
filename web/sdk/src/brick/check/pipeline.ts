/** `pipeline`: bricks, what they are given, and the variables they see. */

import { type Checker, checkOutputKey } from "../check";
import { findBrick, type Input, KNOWN_BRICKS, type KnownBrick, RUN } from "../known";
import { nearest, suggestion } from "../nearest";
import { entriesOf, expected, get, itemsOf, type Node, textOf } from "../node";
import { quoted, type Severity } from "../problem";
import { checkExpression, type Scope } from "./expression";
import type { Inputs } from "./inputs";

/** What the runtime heeds or accepts on a brick; others are allowed. */
const PROPERTIES = [
  "id",
  "config",
  "label",
  "outputKey",
  "if",
  "async",
  "onError",
  "notifyProgress",
  "window",
  "rootMode",
  "root",
  "templateEngine",
  "instanceId",
];

export function checkPipeline(checker: Checker, node: Node, inputs: Inputs): undefined {
  const pipeline = node.kind === "expression" && node.tag === "pipeline" ? node.value : node;
  const items = itemsOf(pipeline);
  if (items === undefined) {
    checker.error("type", pipeline.place, expected("a list of bricks", pipeline), "begin each brick with `- id:`");
  } else if (items.length === 0) {
    const hint = "write one brick or more, each with `- id:`";
    checker.error("missing", pipeline.place, "the pipeline has no brick", hint);
  } else {
    const scope: Scope = { inputs, outputs: [], isOpen: checker.rules !== "v3" };
    new PipelineCheck(checker, scope).bricks(items);
  }
}

class PipelineCheck {
  readonly #checker: Checker;
  readonly #scope: Scope;

  constructor(checker: Checker, scope: Scope) {
    this.#checker = checker;
    this.#scope = scope;
  }

  bricks(items: readonly Node[]): undefined {
    const defined = this.#scope.outputs.length;
    items.forEach((item, index) => {
      this.#checker.at(index, () => this.#brick(item, index + 1 === items.length));
    });
    this.#scope.outputs.length = defined;
  }

  #brick(item: Node, isLast: boolean): undefined {
    const checker = this.#checker;
    if (item.kind !== "map") {
      const message = expected("a brick, which is a mapping with an id", item);
      checker.error("type", item.place, message, "write `- id: …` and `config:` below it");
      return;
    }
    let brick: KnownBrick | undefined;
    let isUnknown = false;
    checker.required(item, "id", 'id: "@pixiebrix/timestamp"', (id) => {
      brick = this.#brickId(id);
      isUnknown = brick === undefined;
    });
    const around = this.#scope.isOpen;
    this.#scope.isOpen ||= isUnknown;
    for (const { key, value } of item.entries) checker.at(key, () => this.#property(key, value, brick));
    this.#scope.isOpen = around;
    if (brick !== undefined) {
      this.#inputs(brick, item);
      this.#output(brick, item, isLast);
    }
    const name = textOf(get(item, "outputKey"));
    if (name !== undefined) this.#scope.outputs.push({ name, brick });
  }

  #brickId(id: Node): KnownBrick | undefined {
    const name = textOf(id);
    if (name === undefined) {
      this.#checker.error("type", id.place, expected("the id of a brick", id), "put it into quotes");
      return undefined;
    }
    const brick = findBrick(name);
    if (brick !== undefined) return brick;
    const meant = nearest(
      name,
      KNOWN_BRICKS.map(({ id }) => id),
    );
    const other = "give the runtime an implementation of it, or use a brick of docs/bricks.md";
    const hint = meant === undefined ? other : `did you mean \`${meant}\`?`;
    this.#checker.warning("unknown-brick", id.place, `the SDK has no brick ${quoted(name)}`, hint);
    return undefined;
  }

  #property(key: string, value: Node, brick: KnownBrick | undefined): undefined {
    const checker = this.#checker;
    switch (key) {
      case "id":
        return;
      case "outputKey":
        return checkOutputKey(checker, value);
      case "config":
        if (value.kind === "map") this.#values(value, false);
        else if (value.kind !== "null") {
          checker.error("type", value.place, expected("a mapping", value), "write `config: {}` for no inputs");
        }
        return;
      case "onError": {
        const alert = get(value, "alert");
        if (alert?.kind === "bool" && alert.bool) {
          const hint = "leave it out; errors of the mod are on the page of its deployment";
          checker.warning("not-run", value.place, "`alert` has no effect: nobody is alerted", hint);
        }
        this.#values(value, false);
        return;
      }
      case "label":
        if (value.kind !== "text") checker.error("type", value.place, expected("a text", value), "put it into quotes");
        return;
      case "async":
        if (value.kind !== "bool" && !isVar(value)) {
          checker.error("type", value.place, expected("true or false", value), "write `async: true`");
        } else if (brick !== undefined && brick.id !== RUN) {
          const hint = "put the brick into the body of `@pixiebrix/run`";
          checker.warning("unknown", value.place, `\`async\` has no effect on ${quoted(brick.id)}`, hint);
        }
        return this.#values(value, false);
    }
    if (key === "window" && textOf(value) !== "self") {
      checker.warning("not-run", value.place, "bricks run in the page itself", "leave `window` out");
      return;
    }
    const meant = PROPERTIES.includes(key) || [...key].length <= 2 ? undefined : nearest(key, PROPERTIES);
    if (meant !== undefined) {
      const message = `${quoted(key)} is no property of a brick that has an effect`;
      checker.warning("unknown", value.place, message, `did you mean \`${meant}\`?`);
    }
    this.#values(value, false);
  }

  /** Whether the inputs of a known brick are there and of the right kind. */
  #inputs(brick: KnownBrick, item: Node): undefined {
    const checker = this.#checker;
    const config = get(item, "config");
    checker.at("config", () => {
      for (const { name } of brick.inputs.filter(({ required }) => required)) {
        if (get(config, name) !== undefined) continue;
        const place = (config ?? item).place;
        const message = `${quoted(brick.id)} needs \`${name}\``;
        checker.at(name, () => checker.error("missing", place, message, "write it below `config:`"));
      }
      for (const { key, value } of entriesOf(config)) {
        const input = brick.inputs.find(({ name }) => name === key);
        checker.at(key, () => {
          if (input !== undefined) return this.#input(input, value);
          const names = brick.inputs.map(({ name }) => name);
          const message = `${quoted(brick.id)} has no input ${quoted(key)}`;
          checker.warning("unknown", value.place, message, suggestion(key, names));
        });
      }
    });
  }

  #input({ takes, required }: Input, value: Node): undefined {
    if (takes === "anything" || isVar(value)) return;
    const isTemplate = value.kind === "expression" && value.tag !== "pipeline" && value.tag !== "defer";
    const wrong = (what: string, hint = "see docs/bricks.md for what the brick takes") =>
      this.#checker.error("type", value.place, expected(what, value), hint);
    if (typeof takes === "object") {
      const text = textOf(value);
      if (isTemplate || (text !== undefined && takes.oneOf.includes(text))) return;
      if (text === undefined) return wrong("a text");
      const known = takes.oneOf.filter((known) => known !== "");
      return this.#checker.error("value", value.place, `unknown value ${quoted(text)}`, suggestion(text, known));
    }
    switch (takes) {
      case "text":
        if (isTemplate) return;
        if (value.kind !== "text") return wrong("a text");
        if (value.text === "" && required) {
          this.#checker.error("type", value.place, "it is empty", "write a text, or a `!var` that gives one");
        }
        return;
      case "mapping":
        return value.kind === "map" ? undefined : wrong("a mapping");
      case "switch":
        return value.kind === "bool" ? undefined : wrong("true or false");
      case "pipeline":
        if (value.kind === "expression" && value.tag === "pipeline") return;
        return wrong("a `!pipeline`", "write `!pipeline` before the list of bricks");
    }
  }

  #output(brick: KnownBrick, item: Node, isLast: boolean): undefined {
    const checker = this.#checker;
    const key = get(item, "outputKey");
    if (brick.output === "nothing" && key !== undefined) {
      const message = `${quoted(brick.id)} gives no output`;
      checker.at("outputKey", () => checker.warning("output-key", key.place, message, "leave the outputKey out"));
    }
    if (key !== undefined || isLast || checker.rules === "v1" || !gives(brick, item)) return;
    const hint = "name it, such as `outputKey: output`: only the last brick of a pipeline goes without";
    const message = `the output of ${quoted(brick.id)} gets lost`;
    checker.at("outputKey", () => checker.error("output-key", item.place, message, hint));
  }

  #values(value: Node, deferred: boolean): undefined {
    const checker = this.#checker;
    if (value.kind === "list") {
      value.items.forEach((item, index) => {
        checker.at(index, () => this.#values(item, deferred));
      });
    } else if (value.kind === "map") {
      for (const entry of value.entries) checker.at(entry.key, () => this.#values(entry.value, deferred));
    } else if (value.kind === "expression") {
      if (value.tag === "pipeline") this.bricks(itemsOf(value.value) ?? []);
      else if (value.tag === "defer") this.#values(value.value, true);
      else {
        const doubt: Severity = this.#scope.isOpen || deferred ? "warning" : "error";
        checkExpression(checker, value.tag, value.value, this.#scope, doubt);
      }
    }
  }
}

function isVar(node: Node): boolean {
  return node.kind === "expression" && node.tag === "var";
}

/** Whether the brick gives an output that is worth a name. */
function gives(brick: KnownBrick, item: Node): boolean {
  if (brick.output !== "ofBody") return brick.output !== "nothing";
  const isOff = (node: Node | undefined) => node === undefined || (node.kind === "bool" && !node.bool);
  const config = get(item, "config");
  if (!isOff(get(item, "async")) || !isOff(get(config, "async"))) return false;
  const body = get(config, "body");
  const last = body?.kind === "expression" && body.tag === "pipeline" ? itemsOf(body.value)?.at(-1) : undefined;
  const lastBrick = findBrick(textOf(get(last, "id")) ?? "");
  return last !== undefined && lastBrick !== undefined && gives(lastBrick, last);
}
