/** The bricks that the runtime has: what they take and what they give. `crates/brick/src/known.rs` has the same table. */

export type Takes = "anything" | "text" | "mapping" | "switch" | "pipeline" | { oneOf: readonly string[] };

export interface Input {
  name: string;
  takes: Takes;
  required: boolean;
}

/** `nothing`: it acts and gives nothing; `ofBody`: of the last brick of its body; a list: a mapping with these fields. */
export type Output = "nothing" | "something" | "ofBody" | readonly string[];

export interface KnownBrick {
  id: string;
  inputs: readonly Input[];
  output: Output;
}

export const RUN = "@pixiebrix/run";

const required = (name: string, takes: Takes): Input => ({ name, takes, required: true });
const optional = (name: string, takes: Takes): Input => ({ name, takes, required: false });

export const KNOWN_BRICKS: readonly KnownBrick[] = [
  { id: RUN, inputs: [required("body", "pipeline"), optional("async", "switch")], output: "ofBody" },
  { id: "@pixiebrix/timestamp", inputs: [], output: ["timestamp", "epochMillis"] },
  { id: "@pixiebrix/document-context", inputs: [], output: ["url", "title", "timestamp", "isFrame"] },
  { id: "@pixiebrix/profile", inputs: [], output: ["user", "email", "groups", "organizations"] },
  {
    id: "@pixiebrix/session",
    inputs: [],
    output: ["sessionId", "navigationId", "sessionTimestamp", "navigationTimestamp", "user", "email"],
  },
  { id: "@pixiebrix/reflect/run-metadata", inputs: [], output: ["modComponentId", "runId", "mod", "deploymentId"] },
  {
    id: "@pixiebrix/data/put",
    inputs: [
      optional("service", "anything"),
      required("databaseId", "text"),
      required("key", "text"),
      required("value", "mapping"),
      optional("mergeStrategy", { oneOf: ["replace", "deep", "deep_append", "shallow", ""] }),
    ],
    output: "something",
  },
  {
    id: "@pixiebrix/data/get",
    inputs: [
      optional("service", "anything"),
      required("databaseId", "text"),
      required("key", "text"),
      optional("missingKey", { oneOf: ["error", "blank"] }),
    ],
    output: "something",
  },
  {
    id: "@pixiebrix/telemetry",
    inputs: [required("eventName", "text"), optional("data", "mapping")],
    output: "nothing",
  },
];

export function findBrick(id: string): KnownBrick | undefined {
  return KNOWN_BRICKS.find((brick) => brick.id === id);
}
