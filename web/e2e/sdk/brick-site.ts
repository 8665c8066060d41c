import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SDK = resolve(import.meta.dirname, "../../sdk/dist");
const YAML = join(dirname(fileURLToPath(import.meta.resolve("yaml/package.json"))), "browser");
const DEFINITION = resolve(import.meta.dirname, "../../../fixtures/bricks/telemetry-record.yaml");

/** As strict as a page with scripts of its own can be: what is not in a file does not run, `eval` least of all. */
const POLICY = "default-src 'none'; script-src 'self' 'nonce-of-imports'; connect-src *";

const PAGE = `<!doctype html><title>Case 17</title>
<script type="importmap" nonce="of-imports">{"imports": {"yaml": "/yaml/index.js"}}</script>
<button>Close the case</button><script type="module" src="/page.js"></script>`;

/** Starts with what the address says, runs the definition when the button is clicked, and tells what it did in \`done\`. */
const SCRIPT = `
import { init } from "/sdk/index.js";
import { load, runtime } from "/sdk/brick.js";

globalThis.done = [];
try {
  new Function("return 1");
  globalThis.done.push("eval is allowed");
} catch {}
const given = JSON.parse(decodeURIComponent(location.hash.slice(1)));
history.replaceState(null, "", "/page");
const client = init(given.options);
const { run } = runtime(client);
const definition = load(await (await fetch("/telemetry-record.yaml")).text());
document.querySelector("button").onclick = async () => {
  // One instant for all, as a click that sets two bricks off at once.
  const now = new Date();
  if (given.instant) globalThis.Date = class extends Date { constructor(...of) { super(...(of.length ? of : [now])); } };
  const outputs = await Promise.all(given.inputs.map((inputs) => run(definition, inputs)));
  globalThis.done.push(...outputs);
};
globalThis.ready = true;
`;

/** Serves a page that runs the published definition of a telemetry brick, on an origin of its own. */
export async function brickSite(): Promise<{ origin: string; close: () => void }> {
  const file = (path: string): [type: string, body: string | Buffer] => {
    if (path === "/page") return ["text/html", PAGE];
    if (path === "/page.js") return ["text/javascript", SCRIPT];
    if (path === "/telemetry-record.yaml") return ["text/yaml", readFileSync(DEFINITION)];
    const [, root, ...rest] = path.split("/");
    const folder = { sdk: SDK, yaml: YAML }[root ?? ""];
    if (folder === undefined) return ["text/plain", ""];
    return ["text/javascript", readFileSync(join(folder, ...rest))];
  };
  const server = createServer((request, response) => {
    const [type, body] = file(new URL(request.url ?? "/", "http://site").pathname);
    const headers = { "content-type": type, "content-security-policy": POLICY, "cache-control": "no-store" };
    response.writeHead(body.length > 0 ? 200 : 404, headers);
    response.end(body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the site has no port");
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.closeAllConnections() };
}
