/** The inputs that `inputSchema` names. */

import { entriesOf, get, type Node } from "../node";

const ELSEWHERE = ["patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref", "dependentSchemas"];

export class Inputs {
  readonly names: string[];
  /** Whether the schema allows others on purpose, or says it in a way not looked into. */
  readonly isOpen: boolean;

  private constructor(names: string[], isOpen: boolean) {
    this.names = names;
    this.isOpen = isOpen;
  }

  static open(): Inputs {
    return new Inputs([], true);
  }

  static of(schema: Node): Inputs {
    const properties = get(schema, "properties");
    if (properties === undefined) return Inputs.open();
    const more = get(schema, "additionalProperties");
    const allowsMore = more !== undefined && !(more.kind === "bool" && !more.bool);
    const isOpen = allowsMore || ELSEWHERE.some((keyword) => get(schema, keyword) !== undefined);
    return new Inputs(
      entriesOf(properties).map(({ key }) => key),
      isOpen,
    );
  }
}
