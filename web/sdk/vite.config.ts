import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };

/**
 * `vite build` makes the core, `vite build --mode brick` the brick runtime: each in one file, so that a page without bricks loads
 * what it needs and nothing else. Packages stay imports of their users.
 */
export default defineConfig(({ mode }) => ({
  // The bundle says its version on every event.
  define: { __SDK_VERSION__: JSON.stringify(manifest.version) },
  build: {
    target: "es2022",
    emptyOutDir: mode !== "brick",
    lib: { entry: mode === "brick" ? { brick: "src/brick/index.ts" } : { index: "src/index.ts" }, formats: ["es"] },
    rolldownOptions: {
      external: Object.keys({ ...(manifest as { dependencies?: object }).dependencies }),
      // A `var` is not written in place of its one use; nothing here needs the names at the top.
      output: { minify: true, comments: false, topLevelVar: false },
    },
    sourcemap: true,
  },
  // Longer than anything a test waits for, so that the wait itself says what did not come.
  test: { testTimeout: 20_000 },
}));
