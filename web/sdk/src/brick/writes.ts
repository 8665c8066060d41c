/**
 * Writes of records, kept until the server acknowledges them: in IndexedDB, so that a page that is left early loses none, and
 * sent again under the same `write_id`, so that none counts twice.
 *
 * Database `modlake-writes:<server>`, one row a write.
 */

import { BusinessError } from "../errors";
import { uuid } from "../page";
import { indexedDb, inMemory, type Work } from "../store";

declare const __SDK_VERSION__: string;

export interface StoredRecord {
  id: string;
  data: Record<string, unknown>;
  [field: string]: unknown;
}

export interface Write {
  databaseId: string;
  key: string;
  value: Record<string, unknown>;
  mergeStrategy: string;
}

export interface WriteOptions {
  server: string;
  key: string;
  /** First wait after a failure, in ms; the next ones are twice as long each. Default 1,000. */
  retryMs?: number | undefined;
  /** Default 300,000. */
  maxRetryMs?: number | undefined;
  /** How long a brick waits for the acknowledgement of a write that is kept anyway, in ms. Default 30,000. */
  acknowledgeMs?: number | undefined;
  /** Told of what a later page finds refused, when the brick that wrote is gone. */
  say?: ((message: string) => void) | undefined;
}

/** A write as it is kept. */
interface Row {
  key?: number;
  page: string;
  /** When, in ms since 1970. */
  at: number;
  databaseId: string;
  /** The request's body. */
  body: string;
}

type Outcome = { record: StoredRecord } | { refused: Error } | { waitMs: number | undefined };

/** What a page writes is its own to send for this long. */
const OWN_MS = 15_000;
const MAX_WAITING = 1_000;
const ANSWER_MS = 30_000;
/** What browsers let a request carry that outlives its page. */
const KEEPALIVE_BYTES = 60 * 1024;
/** A key that ends with the time of an event, to the millisecond: another event of the same one must not replace it. */
const TIMED_KEY = /-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Where a record is, below the server's address. */
export function recordsPath(databaseId: string): string {
  return `/api/databases/${encodeURIComponent(databaseId)}/records/`;
}

export function headers(key: string): Record<string, string> {
  return { accept: "application/json; version=2.0", authorization: `Bearer ${key}`, "x-modlake-sdk": __SDK_VERSION__ };
}

export class Writes {
  readonly #options: WriteOptions;
  readonly #page = uuid();
  #kept: Work;
  #waiting = 0;
  #closed = false;

  constructor(options: WriteOptions) {
    this.#options = options;
    // Where there is none, or the page may not use it, the first write finds out.
    this.#kept = indexedDb(`modlake-writes:${options.server}`);
  }

  /**
   * Keeps the write, then sends it until it is acknowledged. Gives the record as the server has it; where the server does not
   * answer for long, the record as it was written.
   *
   * @throws BusinessError when the server refuses it for good
   */
  async put({ databaseId, key, value, mergeStrategy }: Write): Promise<StoredRecord> {
    if (this.#waiting >= MAX_WAITING) {
      throw new BusinessError(`${MAX_WAITING} records wait to be sent: record less, or look at the server`);
    }
    const isReplace = mergeStrategy === "replace" || mergeStrategy === "";
    const body = JSON.stringify({
      id: key,
      data: value,
      merge_strategy: mergeStrategy,
      write_id: uuid(),
      on_conflict: isReplace && TIMED_KEY.test(key) ? "next_millisecond" : undefined,
    });
    const row: Row = { page: this.#page, at: Date.now(), databaseId, body };
    this.#waiting += 1;
    // Sent at once, and not behind the disk: a page that is being left has no time.
    const kept = this.#keep(row);
    const sent = this.#deliver(row, kept).finally(() => {
      this.#waiting -= 1;
    });
    const late = new Promise<StoredRecord>((resolve) => {
      const timer = setTimeout(resolve, this.#options.acknowledgeMs ?? 30_000, { id: key, data: value });
      sent.then(
        () => clearTimeout(timer),
        () => clearTimeout(timer),
      );
    });
    return Promise.race([sent, late]);
  }

  /** Sends what earlier pages left, and goes on while something is left. Resolves when each was tried once. */
  async resume(tries = 0): Promise<void> {
    const rows = (await this.#kept((rows) => rows.oldest(MAX_WAITING)).catch(() => [])) as unknown as Row[];
    const left = rows.filter(({ page }) => page !== this.#page);
    // By the clock on the wall, which may have been put back: then it is old, and its `write_id` makes it count once.
    const old = left.filter(({ at }) => Math.abs(Date.now() - at) > OWN_MS);
    for (const row of old) {
      if (this.#closed) return;
      const outcome = await this.#send(row);
      // Where one finds no server, the others do not either.
      if ("waitMs" in outcome) return this.#resumeLater(this.#wait(outcome.waitMs, tries), tries + 1);
      if ("refused" in outcome)
        this.#options.say?.(`a record of an earlier page was refused: ${outcome.refused.message}`);
      await this.#forget(row.key);
    }
    if (old.length < left.length) this.#resumeLater(OWN_MS, 0);
  }

  #resumeLater(ms: number, tries: number): void {
    setTimeout(() => this.#closed || this.resume(tries), ms);
  }

  /** As long as was asked, else twice as long after each failure. */
  #wait(asked: number | undefined, tries: number): number {
    const { retryMs = 1_000, maxRetryMs = 300_000 } = this.#options;
    return asked ?? Math.min(maxRetryMs, retryMs * 2 ** Math.min(tries, 30));
  }

  /** Ends sending again; what is kept is for the next page. */
  close(): void {
    this.#closed = true;
  }

  async #keep(row: Row): Promise<number | undefined> {
    try {
      return await this.#kept((rows) => rows.put(row));
    } catch {
      // As without IndexedDB: what this page has is sent from memory.
      this.#kept = inMemory();
      return undefined;
    }
  }

  async #forget(key: number | undefined): Promise<void> {
    if (key !== undefined) await this.#kept((rows) => rows.delete(key)).catch(() => {});
  }

  async #deliver(row: Row, kept: Promise<number | undefined>): Promise<StoredRecord> {
    for (let tries = 0; ; tries++) {
      const outcome = await this.#send(row);
      if (!("waitMs" in outcome)) {
        await this.#forget(await kept);
        if ("record" in outcome) return outcome.record;
        throw outcome.refused;
      }
      const ms = this.#wait(outcome.waitMs, tries);
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (this.#closed) throw new BusinessError("the client was closed; the record is kept for the next page");
    }
  }

  async #send({ databaseId, body }: Row): Promise<Outcome> {
    const { server, key } = this.#options;
    let answer: Response;
    try {
      answer = await fetch(server + recordsPath(databaseId), {
        method: "PUT",
        headers: { ...headers(key), "content-type": "application/json" },
        body,
        keepalive: body.length * 3 <= KEEPALIVE_BYTES,
        credentials: "omit",
        signal: AbortSignal.timeout?.(ANSWER_MS) ?? null,
      });
      if (answer.ok) {
        const record: StoredRecord | StoredRecord[] = await answer.json();
        const [first] = Array.isArray(record) ? record : [record];
        return { record: first ?? (JSON.parse(body) as StoredRecord) };
      }
    } catch {
      return { waitMs: undefined };
    }
    const { status } = answer;
    if (status >= 500 || status === 408 || status === 425 || status === 429) {
      const seconds = Number(answer.headers.get("retry-after"));
      return { waitMs: seconds > 0 ? Math.min(seconds, 86_400) * 1_000 : undefined };
    }
    return { refused: await refusal(answer, "the record was not written") };
  }
}

/** What the server says of a request that it will never take. */
export async function refusal(answer: Response, what: string): Promise<BusinessError> {
  let reason = "";
  try {
    const body: unknown = await answer.json();
    const { detail } = body as { detail?: unknown };
    reason = typeof detail === "string" ? detail : JSON.stringify(body);
  } catch {
    // No JSON: the status says it.
  }
  const hints: Record<number, string> = {
    401: "check the key",
    403: "check the key's scope and origins",
    404: "check databaseId: the id (a UUID) of a database, not its name; `GET /api/databases/` lists both",
  };
  const hint = hints[answer.status] ? `; ${hints[answer.status]}` : "";
  return new BusinessError(`${what}: ${answer.status} ${reason.slice(0, 500)}${hint}`);
}
