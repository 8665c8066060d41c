/** Bytes of the core as a page loads it, minified and compressed: `node size.mjs` prints them. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

/** What a bundle of `export … from` the core weighs: `*` for all of it, `{ init }` for what one import brings. */
export async function size(what = "*") {
  const core = fileURLToPath(new URL("src/index.ts", import.meta.url));
  const bundle = await rolldown({
    input: "page",
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === "page" ? id : null),
        load: (id) => (id === "page" ? `export ${what} from ${JSON.stringify(core)}` : null),
      },
    ],
    transform: { define: { __SDK_VERSION__: '"0.0.0"' } },
  });
  const { output } = await bundle.generate({ format: "es", minify: true, comments: false });
  const code = output.map((chunk) => chunk.code ?? "").join("");
  return { minified: Buffer.byteLength(code), gzip: gzipSync(code, { level: 9 }).length };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(JSON.stringify({ all: await size(), record: await size("{ init }") }));
}
