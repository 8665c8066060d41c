import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { resolve } from "node:path";

const SDK = resolve(import.meta.dirname, "../../sdk/dist");
const IMPORT = 'import * as sdk from "/sdk/index.js"; globalThis.sdk = sdk;';

const FILES: Record<string, [type: string, body: string]> = {
  "/page": [
    "text/html",
    `<!doctype html><title>Page</title><button>Go</button><script type="module">${IMPORT}</script>`,
  ],
  "/worker.js": [
    "text/javascript",
    `${IMPORT} onmessage = async ({ data }) => {
      const client = sdk.init(data);
      client.record("From Worker", { worker: true });
      await client.flush();
      postMessage("done");
    };`,
  ],
  "/empty": ["text/html", "<!doctype html><title>Empty</title>"],
};

/** Serves pages with the built SDK on an origin of its own. */
export async function site(): Promise<{ origin: string; close: () => void }> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    const [type, body] = path.startsWith("/sdk/")
      ? ["text/javascript", readFileSync(resolve(SDK, path.slice("/sdk/".length)), "utf8")]
      : (FILES[path] ?? ["text/plain", ""]);
    response.writeHead(body ? 200 : 404, { "content-type": type, "cache-control": "no-store" });
    response.end(body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the site has no port");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${address.port}`, close };
}
