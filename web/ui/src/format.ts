/** Numbers, times and names as people read them. English, as the rest of the page. */

const LOCALE = "en-US";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const dollars = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "USD" });
const wholeDollars = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const smallDollars = new Intl.NumberFormat(LOCALE, {
  style: "currency",
  currency: "USD",
  minimumFractionDigits: 4,
  maximumFractionDigits: 4,
});

/** Shown where a value is unknown, which is not the same as zero. */
export const NONE = "–";

export function count(value: number | null | undefined): string {
  return value == null ? NONE : whole.format(value);
}

/** 1,234 up to 10,000, then 12.3K, 4.5M. */
export function compact(value: number | null | undefined): string {
  if (value == null) return NONE;
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);
}

/** Below ten cents with four decimals, since one model request often costs less than a cent. */
export function usd(value: number | null | undefined): string {
  if (value == null) return NONE;
  const size = Math.abs(value);
  if (size >= 10_000) return wholeDollars.format(value);
  return size > 0 && size < 0.1 ? smallDollars.format(value) : dollars.format(value);
}

/** `unknown` is not the same as $0.00; with requests of unknown price among others it is the least it can be. */
export function cost(value: number | null, unpriced: number): string {
  if (value === null) return "unknown";
  return unpriced > 0 ? `≥ ${usd(value)}` : usd(value);
}

/** What a cost leaves out, in words. */
export function unpriced(requests: number): string | null {
  if (requests === 0) return null;
  return `${count(requests)} ${requests === 1 ? "request" : "requests"} of unknown price`;
}

/** 85 ms, 1.2 s, 3m 05s, 2h 14m, 3d 4h. */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return NONE;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor((seconds % 86_400) / 3600),
    Math.floor((seconds % 3600) / 60),
    seconds % 60,
  ];
  if (d > 0) return `${d}d ${h}h`;
  if (h > 0) return `${h}h ${String(m).padStart(2, "0")}m`;
  return `${m}m ${String(s).padStart(2, "0")}s`;
}

/** Change in percent against the period before; nothing to compare with is `null`. */
export function change(current: number, previous: number): number | null {
  if (previous === 0) return current === 0 ? 0 : null;
  return (current - previous) / previous;
}

export function percent(share: number | null): string {
  if (share == null) return NONE;
  const rounded = Math.abs(share) < 0.0995 ? Math.round(share * 1000) / 10 : Math.round(share * 100);
  return `${whole.format(Math.trunc(rounded))}${Number.isInteger(rounded) ? "" : `.${Math.abs(Math.round((rounded % 1) * 10))}`}%`;
}

/** A user id is 64 hex digits when the client sends no address; its beginning is enough to tell people apart. */
export function person(name: string | null | undefined): string {
  if (!name) return "unknown";
  return /^[0-9a-f]{32,}$/.test(name) ? `${name.slice(0, 10)}…` : name;
}

/** Names that SQL joined by commas, in order. */
export function list(names: string): string {
  return names.split(",").sort().join(", ");
}

/** Versions, the highest first: 1.10.0 before 1.9.0. */
export function versions(found: (string | null)[] | null): string[] {
  const known = (found ?? []).filter((version) => version !== null);
  return [...new Set(known)].sort((a, b) => byParts.compare(b, a));
}

const byParts = new Intl.Collator(LOCALE, { numeric: true });

const AGENTS: Record<string, string> = { claude_code: "Claude Code", codex: "Codex", cursor: "Cursor" };

export function agent(provider: string | null | undefined): string {
  if (!provider) return "unknown";
  return AGENTS[provider] ?? provider;
}

const local = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(LOCALE, options);
const dateTime = local({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
const full = local({ dateStyle: "medium", timeStyle: "long", hour12: false });
const clock = local({ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const utcDay = local({ month: "short", day: "numeric", timeZone: "UTC" });
const utcHour = local({ hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "UTC" });

/** Nov 21, 01:56 in the reader's time zone. */
export function time(value: string | number): string {
  return dateTime.format(new Date(value));
}

export function timeInFull(value: string | number): string {
  return full.format(new Date(value));
}

export function timeOfDay(value: string | number): string {
  return clock.format(new Date(value));
}

/** Label of a bar: its day, or its hour, in UTC. */
export function bucket(ms: number, unit: "hour" | "day"): string {
  return unit === "hour" ? utcHour.format(ms) : utcDay.format(ms);
}

/** `Nov 15 – Nov 21`, or the one day, in UTC. */
export function period(from: string, to: string): string {
  const first = utcDay.format(new Date(from));
  const last = utcDay.format(new Date(Date.parse(to) - 1));
  return first === last ? first : `${first} – ${last}`;
}
