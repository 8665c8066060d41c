/** The server's HTTP surface as the dashboard uses it. */

/** An answer that is not 2xx, or no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Me {
  tenant: string;
  scopes: string[];
  key_id: string;
}

/** A SQL statement with `$1` placeholders. `Row` is what one row of its answer looks like. */
export interface Statement<Row> {
  query: string;
  params: (string | number | boolean | null)[];
  /** Never set: carries the type of the rows. */
  readonly row?: Row;
}

export function fetchMe(key: string, signal?: AbortSignal): Promise<Me> {
  return request<Me>(key, "/api/v1/me", signal ? { signal } : {});
}

export async function runSql<Row>(key: string, statement: Statement<Row>, signal?: AbortSignal): Promise<Row[]> {
  const { query, params } = statement;
  const { rows } = await request<{ rows: Row[] }>(key, "/api/v1/sql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query, params }),
    ...(signal ? { signal } : {}),
  });
  return rows;
}

/** From now on the errors of a deployment are counted anew. Needs a key with scope admin. */
export async function clearErrors(key: string, deploymentId: string): Promise<void> {
  await answer(key, `/api/deployments/${encodeURIComponent(deploymentId)}/errors/`, { method: "DELETE" });
}

async function request<T>(key: string, path: string, init: RequestInit): Promise<T> {
  const { response, text } = await answer(key, path, init);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError(response.status, `the answer of ${path} is not JSON`);
  }
}

/** An answer that is 2xx, and its text. */
async function answer(key: string, path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${key}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "the server cannot be reached", "check that modlaked is running and try again");
  }
  const text = await response.text();
  if (!response.ok) throw errorOf(response, text);
  return { response, text };
}

function errorOf(response: Response, text: string): ApiError {
  try {
    const { error, detail } = JSON.parse(text) as { error?: { message?: string; hint?: string }; detail?: string };
    if (error?.message) return new ApiError(response.status, error.message, error.hint);
    if (detail) return new ApiError(response.status, detail);
  } catch {
    // A proxy in between may answer with something else than the server's JSON.
  }
  return new ApiError(response.status, `the server answered ${response.status} ${response.statusText}`.trim());
}
