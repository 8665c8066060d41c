/** What the SDK asks of the place it runs in: a page, a frame, a worker or a content script. Nothing here needs a window. */

/** UUID version 4. On pages without TLS there is no `crypto.randomUUID`, but every address of a blob ends with one. */
export function uuid(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const address = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(address);
  return address.slice(-36);
}

interface Signals {
  doNotTrack?: string | null;
  globalPrivacyControl?: boolean;
}

/** Whether the user asks not to be tracked, by Do Not Track or Global Privacy Control. */
export function isRefused(): boolean {
  const { doNotTrack, globalPrivacyControl } = (globalThis.navigator ?? {}) as Signals;
  return globalPrivacyControl === true || doNotTrack === "1";
}

export function pageUrl(): string {
  return globalThis.location?.href ?? "";
}

/** Whether this is a frame of another page. */
export function isFrame(): boolean {
  return !!globalThis.top && globalThis.top !== globalThis.self;
}

/** The kind of place: `extension` for content scripts and pages of an extension, `worker`, or `web`. */
export function place(): string {
  const { chrome } = globalThis as { chrome?: { runtime?: { id?: string } } };
  if (chrome?.runtime?.id) return "extension";
  return globalThis.document ? "web" : "worker";
}

/** One document load in one frame, and the address within it. */
export interface Visit {
  sessionId: string;
  sessionTime: Date;
  /** Another one whenever the frame's address has changed. */
  navigationId: string;
  navigationTime: Date;
}

/** Begins a visit; the function tells where it is now. */
export function visiting(): () => Visit {
  const begun = { sessionId: uuid(), sessionTime: new Date() };
  let url: string | undefined;
  let visit: Visit;
  return () => {
    const now = pageUrl();
    if (now !== url) visit = { ...begun, navigationId: uuid(), navigationTime: new Date() };
    url = now;
    return visit;
  };
}
