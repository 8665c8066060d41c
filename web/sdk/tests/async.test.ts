import "fake-indexeddb/auto";
import { afterEach, expect, it, vi } from "vitest";
import { type AsyncState, withAsyncModVariable } from "../src/index";
import { server, waitFor } from "./server";

let lake: ReturnType<typeof server>;
afterEach(() => {
  lake.stop();
  vi.unstubAllGlobals();
});

function variable(before?: unknown) {
  lake = server();
  const client = lake.client();
  const seen: AsyncState[] = [];
  let value = before;
  const state = {
    get: () => value,
    set: (_: string, next: AsyncState) => {
      value = next;
      seen.push(next);
    },
  };
  const start = (body: () => unknown, more = {}) =>
    withAsyncModVariable(client, { stateKey: "v", body, state, ...more });
  return { client, seen, start };
}
const component = { modComponentId: "c-1" };

it("starts loading, answers at once and ends with the result", async () => {
  const { seen, start } = variable();
  const body = vi.fn(async () => "done");
  const { requestId } = start(body);
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(body).not.toHaveBeenCalled();
  const empty = { isSuccess: false, isError: false, currentData: null, data: null, error: null, requestId };
  expect(seen).toEqual([{ ...empty, isLoading: true, isFetching: true }]);
  await waitFor(() => expect(seen).toHaveLength(2));
  expect(seen[1]).toEqual({
    ...empty,
    isLoading: false,
    isFetching: false,
    isSuccess: true,
    data: "done",
    currentData: "done",
  });
});

it("keeps the earlier result while it fetches again", async () => {
  const { seen, start } = variable();
  start(() => 1);
  await waitFor(() => expect(seen).toHaveLength(2));
  const { requestId } = start(() => 2);
  expect(seen[2]).toEqual({ ...seen[1], isFetching: true, currentData: null, requestId });
  await waitFor(() => expect(seen[3]).toMatchObject({ data: 2, currentData: 2, isFetching: false, requestId }));
});

it("drops the result of a run that another one has followed", async () => {
  const { seen, start } = variable();
  let first = (_: string) => {};
  start(() => new Promise((resolve) => (first = resolve)));
  await waitFor(() => expect(seen).toHaveLength(1));
  const { requestId } = start(() => "second");
  await waitFor(() => expect(seen.at(-1)?.data).toBe("second"));
  first("first");
  await new Promise((resolve) => setTimeout(resolve));
  expect(seen.at(-1)).toMatchObject({ data: "second", requestId });
  expect(seen).toHaveLength(3);
});

it.each(["now", "later"])("puts an error thrown %s into the variable and never throws", async (when) => {
  const { client, seen, start } = variable();
  const error = new Error("broken");
  start(
    when === "now"
      ? () => {
          throw error;
        }
      : () => Promise.reject(error),
    { component },
  );
  await waitFor(() =>
    expect(seen[1]).toMatchObject({
      isError: true,
      isSuccess: false,
      isLoading: false,
      isFetching: false,
      data: null,
      currentData: null,
    }),
  );
  expect(seen[1]?.error).toMatchObject({ name: "Error", message: "broken" });
  await client.flush();
  expect(lake.requests).toHaveLength(0);
});

it("reports the error where its telemetry mode is error", async () => {
  const { client, seen, start } = variable();
  start(() => Promise.reject(new Error("broken")), { component, telemetryMode: "error" });
  await waitFor(() => expect(seen).toHaveLength(2));
  await client.flush();
  expect(lake.items()).toMatchObject([{ message: "broken", extension_uuid: "c-1" }]);
});

it("wants the name of a variable", () => {
  const { start } = variable();
  expect(() => start(() => 1, { stateKey: "" })).toThrow(
    expect.objectContaining({ name: "PropError", message: "Mod Variable Name is required" }),
  );
});

it("survives mod variables that cannot be written", async () => {
  lake = server();
  const state = {
    get: () => undefined,
    set: () => {
      throw new Error("read only");
    },
  };
  const body = vi.fn();
  expect(() => withAsyncModVariable(lake.client(), { stateKey: "v", body, state })).not.toThrow();
  await waitFor(() => expect(body).toHaveBeenCalled());
  expect(lake.messages.join()).toContain("read only");
});
