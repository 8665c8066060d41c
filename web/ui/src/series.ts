/** Rows of a bucket and a name as bars whose parts are the names. */
import type { Point, Series } from "./components/charts";
import * as format from "./format";
import { bucketsOf, bucketUnit, type Range } from "./range";

const PALETTE = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)"];
const OTHER = "var(--c-other)";

/** The names of most value get a colour of their own, the rest share one. Keys are positions: a name may be anything. */
export function stacked(
  range: Range,
  rows: { bucket: string; name: string | null; value: number }[],
  others: string,
): { series: Series[]; points: Point[] } {
  const sums = new Map<string, number>();
  for (const { name, value } of rows) sums.set(name ?? "unknown", (sums.get(name ?? "unknown") ?? 0) + value);
  const names = [...sums].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name);
  const named = names.slice(0, PALETTE.length);
  const series: Series[] = named.map((name, index) => ({
    key: `s${index}`,
    label: name,
    color: PALETTE[index] ?? OTHER,
  }));
  if (names.length > named.length) series.push({ key: "other", label: others, color: OTHER });
  const points = new Map<number, Point>(
    bucketsOf(range).map((at) => [at, { label: format.bucket(at, bucketUnit(range)) }]),
  );
  for (const { bucket, name, value } of rows) {
    const point = points.get(Date.parse(bucket));
    const index = named.indexOf(name ?? "unknown");
    const key = index < 0 ? "other" : `s${index}`;
    if (point) point[key] = Number(point[key] ?? 0) + value;
  }
  return { series, points: [...points.values()] };
}
