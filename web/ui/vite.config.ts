import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `npm run dev` talks to a server on the default address; the built pages are embedded in `modlaked`. */
export default defineConfig({
  plugins: [react()],
  // `public/.gitkeep` is copied into the emptied folder, which has to exist for a build without Node.
  build: { outDir: "dist", emptyOutDir: true, target: "es2022" },
  server: { proxy: { "/api": "http://127.0.0.1:4318" } },
});
