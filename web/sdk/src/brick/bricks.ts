/** The bricks of the SDK. What each takes and gives is in docs/bricks.md. */

import { BusinessError } from "../errors";
import { isFrame, pageUrl } from "../page";
import { Pipeline } from "./render";
import type { Brick } from "./run";
import { headers, recordsPath, refusal, type StoredRecord } from "./writes";

const DATABASE = { type: "string", minLength: 1 };
const KEY = { type: "string", minLength: 1, maxLength: 1024 };
const ANSWER_MS = 30_000;

const run: Brick = {
  inputSchema: { properties: { async: { type: "boolean" } }, required: ["body"] },
  run({ body, async: isAsync = false }, context) {
    if (!(body instanceof Pipeline))
      throw new BusinessError("body is no pipeline: write `!pipeline` before the list of bricks");
    if (!isAsync) return context.run(body);
    // Behind this task, so that not even its first brick holds up the mod.
    Promise.resolve()
      .then(() => context.run(body))
      .catch((error) => context.report(error));
    return {};
  },
};

const timestamp: Brick = {
  run() {
    const now = new Date();
    return { timestamp: now.toISOString(), epochMillis: now.getTime() };
  },
};

const documentContext: Brick = {
  run(_inputs, { client }) {
    const { url: edit = (url: string) => url } = client.options;
    return {
      url: edit(pageUrl()) ?? "",
      title: globalThis.document?.title ?? "",
      timestamp: new Date().toISOString(),
      isFrame: isFrame(),
    };
  },
};

const profile: Brick = {
  run(_inputs, { profile }) {
    if (profile === undefined) throw new BusinessError("User is not authenticated");
    const { user, email = "", groups = [], organizations = [] } = profile;
    return { user, email, groups, organizations };
  },
};

const session: Brick = {
  run(_inputs, { client, profile }) {
    const { sessionId, sessionTime, navigationId, navigationTime } = client.visit();
    return {
      sessionId,
      navigationId,
      sessionTimestamp: sessionTime.toISOString(),
      navigationTimestamp: navigationTime.toISOString(),
      user: profile?.user ?? client.user?.id,
      email: profile?.email ?? client.user?.email,
    };
  },
};

const runMetadata: Brick = {
  run(_inputs, { component, runId }) {
    const { modComponentId, modId, modVersion, deploymentId } = component;
    return {
      modComponentId: modComponentId ?? null,
      runId,
      mod: modId === undefined ? null : { id: modId, version: modVersion ?? null },
      deploymentId: deploymentId ?? null,
    };
  },
};

const telemetry: Brick = {
  inputSchema: {
    properties: { eventName: { type: "string", minLength: 1 }, data: { type: "object" } },
    required: ["eventName"],
  },
  run({ eventName, data = {} }, { client, component, runId }) {
    if (Object.hasOwn(data as object, "$eventName")) throw new BusinessError("data may not have a property $eventName");
    client.event("CustomUserEvent", { $eventName: eventName, ...(data as object) }, { component, runId });
  },
};

const put: Brick = {
  inputSchema: {
    properties: {
      databaseId: DATABASE,
      key: KEY,
      value: { type: "object" },
      mergeStrategy: { enum: ["replace", "deep", "deep_append", "shallow", ""] },
    },
    required: ["databaseId", "key", "value"],
  },
  run({ databaseId, key, value, mergeStrategy = "replace" }, { writes }) {
    return writes.put({
      databaseId: databaseId as string,
      key: key as string,
      value: value as Record<string, unknown>,
      mergeStrategy: mergeStrategy as string,
    });
  },
};

const get: Brick = {
  inputSchema: {
    properties: { databaseId: DATABASE, key: KEY, missingKey: { enum: ["error", "blank"] } },
    required: ["databaseId", "key"],
  },
  async run({ databaseId, key, missingKey = "error" }, { client }) {
    const { server, key: secret } = client.options;
    const url = `${server.replace(/\/+$/, "")}${recordsPath(databaseId as string)}${encodeURIComponent(key as string)}/`;
    const answer = await fetch(url, {
      headers: headers(secret),
      credentials: "omit",
      signal: AbortSignal.timeout?.(ANSWER_MS) ?? null,
    });
    if (answer.status === 404 && missingKey === "blank") return {};
    if (!answer.ok) throw await refusal(answer, "the record was not read");
    const record: StoredRecord = await answer.json();
    return record.data;
  },
};

export const BRICKS: Readonly<Record<string, Brick>> = {
  "@pixiebrix/run": run,
  "@pixiebrix/timestamp": timestamp,
  "@pixiebrix/document-context": documentContext,
  "@pixiebrix/profile": profile,
  "@pixiebrix/session": session,
  "@pixiebrix/reflect/run-metadata": runMetadata,
  "@pixiebrix/data/put": put,
  "@pixiebrix/data/get": get,
  "@pixiebrix/telemetry": telemetry,
};
