import { expect, it, vi } from "vitest";

it.each(["../src/index", "../src/brick"])("%s is imported where there is nothing of a browser", async (module) => {
  for (const name of ["document", "location", "navigator", "indexedDB", "crypto", "fetch", "AbortSignal"]) {
    vi.stubGlobal(name, undefined);
  }
  vi.resetModules();
  await expect(import(module)).resolves.toBeTypeOf("object");
  vi.unstubAllGlobals();
});
