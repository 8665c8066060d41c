/** The period a page shows: whole days in UTC, as the lake's partitions are. */

export const DAY_CHOICES = [1, 7, 30, 90] as const;
export type Days = (typeof DAY_CHOICES)[number];

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface Range {
  days: Days;
  /** Last day shown, `YYYY-MM-DD`. */
  until: string;
  /** Whether `until` is today, so that the period still grows. */
  current: boolean;
  /** Start (inclusive) and end (exclusive), RFC 3339. */
  from: string;
  to: string;
  /** The period before, of the same length; cut at the same time of day when the current one still grows. */
  previousFrom: string;
  previousTo: string;
}

/** Reads `?days=7&until=2026-11-21`; what is missing or senseless becomes the last 7 days. */
export function rangeOf(params: URLSearchParams, now: Date = new Date()): Range {
  const asked = Number(params.get("days"));
  const days = DAY_CHOICES.find((choice) => choice === asked) ?? 7;
  const today = dayOf(now.getTime());
  const given = params.get("until");
  const until = given && isDay(given) && given < today ? given : today;
  const end = Date.parse(until) + DAY_MS;
  const from = end - days * DAY_MS;
  const current = until === today;
  // Whole minutes keep the statement, and with it the cached answer, the same for a minute.
  const elapsedEnd = current ? Math.ceil(now.getTime() / 60_000) * 60_000 : end;
  return {
    days,
    until,
    current,
    from: iso(from),
    to: iso(end),
    previousFrom: iso(from - days * DAY_MS),
    previousTo: iso(elapsedEnd - days * DAY_MS),
  };
}

/** The range moved by whole periods, as URL parameters; today is written as no `until` at all. */
export function shifted(range: Range, periods: number, now: Date = new Date()): { days: Days; until: string | null } {
  const until = dayOf(Date.parse(range.until) + periods * range.days * DAY_MS);
  return { days: range.days, until: until >= dayOf(now.getTime()) ? null : until };
}

/** Width of one bar: hours for a single day, days otherwise. */
export function bucketUnit(range: Range): "hour" | "day" {
  return range.days === 1 ? "hour" : "day";
}

/** Start of every bar of the range in milliseconds, oldest first. */
export function bucketsOf(range: Range): number[] {
  const step = bucketUnit(range) === "hour" ? HOUR_MS : DAY_MS;
  const buckets = [];
  for (let at = Date.parse(range.from); at < Date.parse(range.to); at += step) buckets.push(at);
  return buckets;
}

export function dayOf(ms: number): string {
  return iso(ms).slice(0, 10);
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && dayOf(Date.parse(text)) === text;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
