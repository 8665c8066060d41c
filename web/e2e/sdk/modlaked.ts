import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const KEY = "ml_browser-tests-bootstrap-key-of-tenant-default";

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** The first true answer of `check`; an error that names `what` when there is none in time. */
export async function until<T>(what: string, check: () => Promise<T>, ms = 60_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (performance.now() > end)
      throw new Error(`${what}: not after ${ms} ms (last answer: ${JSON.stringify(answer)})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A real `modlaked` (`MODLAKED` is the program) that a test can stop and start again on the same data and port. */
export class Modlaked {
  readonly #folder = mkdtempSync(join(tmpdir(), "modlake-sdk-"));
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly grpcPort: number,
  ) {}

  static async running(): Promise<Modlaked> {
    const server = new Modlaked(await freePort(), await freePort());
    await server.start();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get #program() {
    const named = process.env.MODLAKED;
    if (!named) throw new Error("MODLAKED is not set: give the path of the server's program");
    return named;
  }

  get #environment() {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("MODLAKE_"));
    const data = join(this.#folder, "data");
    return { ...Object.fromEntries(kept), MODLAKE_DATA_DIR: data, MODLAKE_BOOTSTRAP_KEY: KEY };
  }

  async start() {
    const log = openSync(join(this.#folder, "log"), "a");
    const listeners = ["--http", `127.0.0.1:${this.port}`, "--grpc", `127.0.0.1:${this.grpcPort}`];
    const started = spawn(this.#program, ["serve", ...listeners], {
      env: this.#environment,
      stdio: ["ignore", log, log],
    });
    this.#process = started;
    const isReady = () =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => started.exitCode !== null,
      );
    await until("modlaked is ready", isReady);
    if (started.exitCode !== null) throw new Error(`modlaked ended while starting:\n${this.log()}`);
  }

  /** Stops it as a service manager does. */
  async stop() {
    const ended = new Promise((resolve) => this.#process?.once("exit", resolve));
    this.#process?.kill("SIGTERM");
    await ended;
  }

  async end() {
    if (this.#process?.exitCode === null) await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  log(): string {
    return readFileSync(join(this.#folder, "log"), "utf8").slice(-4_000);
  }

  /** A key that may write, from pages of these origins alone. */
  async browserKey(...origins: string[]): Promise<string> {
    const bound = origins.flatMap((origin) => ["--origin", origin]);
    const scope = ["keys", "create", "--tenant", "default", "--scope", "ingest"];
    const printed = execFileSync(this.#program, [...scope, ...bound], { env: this.#environment, encoding: "utf8" });
    const key = /ml_[\w-]{20,}/.exec(printed)?.[0];
    if (!key) throw new Error(`no key in: ${printed}`);
    const headers = { authorization: `Bearer ${key}`, ...(origins[0] && { origin: origins[0] }) };
    await until("the key is known", async () => (await fetch(`${this.url}/api/v1/me`, { headers })).status !== 401);
    return key;
  }

  /** Lets a key of this origin come so often a minute, one request at a time. Returns when the server heeds it. */
  async throttle(key: string, origin: string, perMinute: number) {
    const headers = { authorization: `Bearer ${key}`, origin, "content-type": "application/json" };
    const { key_id } = (await (await fetch(`${this.url}/api/v1/me`, { headers })).json()) as { key_id: string };
    const rate = ["--key", key_id, "--per-minute", String(perMinute), "--burst", "1"];
    execFileSync(this.#program, ["throttle", "set", ...rate], { env: this.#environment });
    const nothing = { method: "POST", headers, body: '{"events": []}' };
    const limit = async () => (await fetch(`${this.url}/api/events/`, nothing)).headers.get("ratelimit-limit");
    await until("the throttle is heeded", async () => (await limit()) === "1");
  }

  /** A request of the program's own, with a key of all scopes. */
  async api<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Token ${KEY}`, "content-type": "application/json", accept: "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} for ${method} ${path}: ${text}`);
    return JSON.parse(text) as Answer;
  }

  async sql<Row>(query: string): Promise<Row[]> {
    const response = await fetch(`${this.url}/api/v1/sql`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ query }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} for ${query}: ${text}`);
    return (JSON.parse(text) as { rows: Row[] }).rows;
  }
}
