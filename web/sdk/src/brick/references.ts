/** Schemas that definitions refer to by the address they have at PixieBrix, and what stands in for them here. */

export const THEIRS = "https://app.pixiebrix.com/schemas/";

/** A database, by its id or its name. */
export function isDatabase(uri: string): boolean {
  return uri.replace(/#$/, "") === `${THEIRS}database`;
}

/** A configured service. */
export function isService(uri: string): boolean {
  return uri.startsWith(`${THEIRS}services/`) && uri.replace(/#$/, "").length > `${THEIRS}services/`.length;
}

/** The schema behind one of their addresses. */
export function standIn(uri: string): unknown {
  if (isDatabase(uri)) return { type: "string", minLength: 1 };
  // What a service object holds is between it and the brick that uses it.
  if (isService(uri)) return { type: "object" };
  return uri.startsWith(THEIRS) ? true : undefined;
}
