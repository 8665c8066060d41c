import { defineConfig } from "vite";
import manifest from "./package.json" with { type: "json" };

/** Two entries, so that the core is loaded without what the brick runtime needs; packages stay imports of their users. */
export default defineConfig({
  // The bundle says its version on every event.
  define: { __SDK_VERSION__: JSON.stringify(manifest.version) },
  build: {
    target: "es2022",
    lib: { entry: { index: "src/index.ts", brick: "src/brick/index.ts" }, formats: ["es"] },
    rolldownOptions: { external: Object.keys({ ...(manifest as { dependencies?: object }).dependencies }) },
    sourcemap: true,
  },
});
