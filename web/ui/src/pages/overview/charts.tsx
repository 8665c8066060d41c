import { useMemo } from "react";
import { ChartPanel } from "../../components/chart-panel";
import type { Point, Series } from "../../components/charts";
import * as format from "../../format";
import * as queries from "../../queries";
import { bucketsOf, bucketUnit, type Range } from "../../range";
import { stacked } from "../../series";
import { useSql } from "../../use-sql";

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
  const cost = useMemo(() => {
    const rows = costs.data?.map(({ bucket, model, cost_usd }) => ({ bucket, name: model, value: cost_usd }));
    return rows ? stacked(range, rows, "Other models") : null;
  }, [range, costs.data]);
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
