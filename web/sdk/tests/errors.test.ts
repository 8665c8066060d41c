import { expect, it, vi } from "vitest";
import {
  BusinessError,
  CancelError,
  ContextError,
  type ErrorContext,
  errorRecord,
  PropError,
  serialized,
} from "../src/errors";

const component: ErrorContext = { modComponentId: "c-1", label: "Translate" };
const record = (error: unknown, context = component, options = {}) => {
  const made = errorRecord(error, context, options);
  return made && JSON.parse(JSON.stringify(made));
};

it("has the fields of the error service, and none without a value", () => {
  vi.stubGlobal("navigator", { userAgent: "Browser/1" });
  const made = record(new TypeError("no button"), component, { version: "2.1.0", versionName: "2.1.0-beta" });
  vi.unstubAllGlobals();
  expect(made).toEqual({
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    class_name: "TypeError",
    message: "no button",
    is_application_error: true,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    extension_uuid: "c-1",
    extension_label: "Translate",
    user_agent: "Browser/1",
    user_agent_extension_version: "2.1.0",
    user_agent_extension_full_version: "2.1.0-beta",
    platform_name: "worker",
    error_data: { name: "TypeError", stack: expect.stringContaining("no button") },
  });
});

it("tells the versions of what it belongs to", () => {
  const context = {
    ...component,
    modId: "@acme/mod",
    modVersion: "1.0.0",
    brickId: "@acme/brick",
    brickVersion: "2.0.0",
    serviceId: "@acme/api",
    serviceVersion: "3.0.0",
    deploymentId: "d-1",
    stepLabel: "Translate the text",
    organization: "o-1",
  };
  expect(record(new Error("x"), context)).toMatchObject({
    blueprint_version: { id: "@acme/mod", version: "1.0.0" },
    brick_version: { id: "@acme/brick", version: "2.0.0" },
    service_version: { id: "@acme/api", version: "3.0.0" },
    deployment: "d-1",
    step_label: "Translate the text",
    organization: "o-1",
  });
});

it("is the author's to mend where a business error is anywhere in its causes", () => {
  const author = new Error("outer", { cause: new Error("middle", { cause: new BusinessError("inner") }) });
  expect(record(author)).toMatchObject({ is_application_error: false, message: "outer" });
  expect(record(new PropError("x")).is_application_error).toBe(false);
  expect(record({ name: "BusinessError", message: "from another frame" }).is_application_error).toBe(false);
  expect(record(new Error("x")).is_application_error).toBe(true);
});

it("keeps causes and codes, and ends a chain that bites its tail", () => {
  const error: Error & { code?: number } = new Error("outer", { cause: new Error("inner") });
  error.code = 17;
  expect(record(error).error_data).toMatchObject({ code: 17, cause: { name: "Error", message: "inner" } });
  error.cause = error;
  expect(serialized(error)).not.toHaveProperty("cause");
});

it("merges contexts, the outer one's values win, and names the error within them", () => {
  const inner = new ContextError(new RangeError("too far"), { stepLabel: "inner", brickId: "@acme/brick" });
  const outer = new ContextError(inner, { stepLabel: "outer" });
  expect(outer.message).toBe("too far");
  expect(record(outer)).toMatchObject({
    class_name: "RangeError",
    message: "too far",
    step_label: "outer",
    brick_version: { id: "@acme/brick" },
  });
});

it("is not made without a component, nor where somebody called it off", () => {
  expect(record(new Error("x"), {})).toBeUndefined();
  expect(record(new CancelError("never mind"))).toBeUndefined();
  expect(record(new Error("x", { cause: new CancelError("never mind") }))).toBeUndefined();
  expect(record({ name: "RequestSupersededError", message: "later one" })).toBeUndefined();
});

it("tells addresses only when asked to", () => {
  const failed = Object.assign(new Error("HTTP 500"), { url: "https://api.example.com/v1?token=1" });
  expect(JSON.stringify(record(failed))).not.toContain("api.example.com");
  const told = record(new Error("x", { cause: failed }), component, { errorUrls: true });
  expect(told.error_data.url).toBe("https://api.example.com/v1?token=1");
});

it.each([undefined, null, "text", 7, Symbol("s"), { message: 1 }, Object.create(null)])(
  "takes whatever is thrown",
  (thrown) => {
    const made = record(thrown);
    expect(made.class_name).toBeTypeOf("string");
    expect(made.message).toBeTypeOf("string");
  },
);

it("bounds what is long", () => {
  const long = new Error("x".repeat(100_000));
  long.name = "N".repeat(1_000);
  const made = record(long);
  expect(made.message).toHaveLength(16_384);
  expect(made.class_name).toHaveLength(255);
});
