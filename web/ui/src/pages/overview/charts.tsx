import { lazy, Suspense, useMemo } from "react";
import type { Point, Series } from "../../components/charts";
import { Failed, Loading } from "../../components/states";
import * as format from "../../format";
import * as queries from "../../queries";
import { bucketsOf, bucketUnit, type Range } from "../../range";
import { useSql } from "../../use-sql";

const StackedBars = lazy(() => import("../../components/charts"));

const PALETTE = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)"];
const OTHER = "var(--c-other)";

const TOKEN_SERIES: Series[] = [
  { key: "cache_read_tokens", label: "Cache read", color: "var(--c3)" },
  { key: "cache_creation_tokens", label: "Cache write", color: "var(--c4)" },
  { key: "input_tokens", label: "Input", color: "var(--c1)" },
  { key: "output_tokens", label: "Output", color: "var(--c2)" },
];
const FAILURE_SERIES: Series[] = [
  { key: "tool_failures", label: "Tool failures", color: "var(--c-bad)" },
  { key: "api_errors", label: "API errors", color: "var(--c4)" },
];
const SESSION_SERIES: Series[] = [{ key: "sessions", label: "Sessions", color: "var(--c1)" }];

export function Charts({ range }: { range: Range }) {
  // The last answer is of other days than the bars would be.
  const totals = useSql(queries.bucketTotals(range), { keep: false });
  const costs = useSql(queries.bucketCosts(range), { keep: false });
  const points = useMemo(() => (totals.data ? totalPoints(range, totals.data) : null), [range, totals.data]);
  const cost = useMemo(() => (costs.data ? costPoints(range, costs.data) : null), [range, costs.data]);
  const per = bucketUnit(range);
  return (
    <div className="grid two">
      <ChartPanel
        title="Cost by model"
        per={per}
        answer={costs}
        series={cost?.series}
        points={cost?.points}
        show={format.usd}
      />
      <ChartPanel
        title="Tokens"
        per={per}
        answer={totals}
        series={TOKEN_SERIES}
        points={points}
        show={format.compact}
        counted
      />
      <ChartPanel
        title="Sessions"
        per={per}
        answer={totals}
        series={SESSION_SERIES}
        points={points}
        show={format.count}
        counted
      />
      <ChartPanel
        title="Failures"
        per={per}
        answer={totals}
        series={FAILURE_SERIES}
        points={points}
        show={format.count}
        counted
      />
    </div>
  );
}

function ChartPanel(props: {
  title: string;
  per: string;
  answer: { error: Error | null; refetch: () => unknown };
  series: Series[] | undefined;
  points: Point[] | null | undefined;
  show: (value: number) => string;
  counted?: boolean;
}) {
  const { title, per, answer, series, points, show, counted = false } = props;
  const label = `${title} per ${per} (UTC)`;
  let content = <Loading />;
  if (series && points) {
    content = (
      <Suspense fallback={<Loading />}>
        <StackedBars label={label} series={series} points={points} format={show} counted={counted} />
      </Suspense>
    );
  } else if (answer.error) {
    content = <Failed error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <section className="panel chart-panel" aria-label={title}>
      <h2>
        {title} <small>per {per} (UTC)</small>
      </h2>
      {content}
    </section>
  );
}

function totalPoints(range: Range, rows: queries.BucketTotals[]): Point[] {
  const found = new Map(rows.map((row) => [Date.parse(row.bucket), row]));
  return bucketsOf(range).map((at) => {
    const row = found.get(at);
    return {
      label: format.bucket(at, bucketUnit(range)),
      sessions: row?.sessions ?? 0,
      input_tokens: row?.input_tokens ?? 0,
      cache_creation_tokens: row?.cache_creation_tokens ?? 0,
      cache_read_tokens: row?.cache_read_tokens ?? 0,
      output_tokens: row?.output_tokens ?? 0,
      tool_failures: row?.tool_failures ?? 0,
      api_errors: row?.api_errors ?? 0,
    };
  });
}

/** The dearest models get a colour of their own, the rest share one. Keys are positions: a model's name may be anything. */
function costPoints(range: Range, rows: queries.BucketCost[]): { series: Series[]; points: Point[] } {
  const sums = new Map<string, number>();
  for (const { model, cost_usd } of rows) sums.set(model ?? "unknown", (sums.get(model ?? "unknown") ?? 0) + cost_usd);
  const models = [...sums].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([model]) => model);
  const named = models.slice(0, PALETTE.length);
  const series: Series[] = named.map((model, index) => ({
    key: `m${index}`,
    label: model,
    color: PALETTE[index] ?? OTHER,
  }));
  if (models.length > named.length) series.push({ key: "other", label: "Other models", color: OTHER });
  const points = new Map<number, Point>(
    bucketsOf(range).map((at) => [at, { label: format.bucket(at, bucketUnit(range)) }]),
  );
  for (const { bucket, model, cost_usd } of rows) {
    const point = points.get(Date.parse(bucket));
    const index = named.indexOf(model ?? "unknown");
    const key = index < 0 ? "other" : `m${index}`;
    if (point) point[key] = Number(point[key] ?? 0) + cost_usd;
  }
  return { series, points: [...points.values()] };
}
