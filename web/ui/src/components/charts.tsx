import {
  Bar,
  BarChart,
  CartesianGrid,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from "recharts";

/*
 * Recharts: maintained, draws SVG that takes its colours from the style sheet (so light and dark need no redraw), stacks
 * bars, and can be walked through with the arrow keys. It is loaded only with the overview.
 */

export interface Series {
  key: string;
  label: string;
  /** A CSS colour. */
  color: string;
}

export type Point = { label: string } & Record<string, string | number>;

interface Props {
  label: string;
  series: Series[];
  points: Point[];
  format: (value: number) => string;
  /** Things that are counted have no ticks in between. */
  counted: boolean;
}

/** One bar per day or hour, its parts stacked. */
export default function StackedBars({ label, series, points, format, counted }: Props) {
  return (
    <figure className="chart" aria-label={label}>
      <ResponsiveContainer width="100%" height={series.length > 1 ? 190 : 218}>
        <BarChart
          data={points}
          margin={{ top: 8, right: 4, bottom: 0, left: 0 }}
          barCategoryGap="22%"
          accessibilityLayer
        >
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="label"
            tickLine={false}
            axisLine={{ stroke: "var(--line-strong)" }}
            tick={{ fill: "var(--muted)", fontSize: 11 }}
            minTickGap={18}
          />
          <YAxis
            width={56}
            tickLine={false}
            axisLine={false}
            tickFormatter={format}
            tick={{ fill: "var(--muted)", fontSize: 11 }}
            allowDecimals={!counted}
          />
          <Tooltip
            cursor={{ fill: "var(--hover)" }}
            isAnimationActive={false}
            content={(props) => <Tip {...props} series={series} format={format} />}
          />
          {series.map(({ key, label, color }) => (
            <Bar
              key={key}
              dataKey={key}
              name={label}
              stackId="all"
              fill={color}
              isAnimationActive={false}
              maxBarSize={42}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
      {series.length > 1 ? (
        <figcaption className="legend">
          {series.map(({ key, label, color }) => (
            <span key={key}>
              <i style={{ background: color }} /> {label}
            </span>
          ))}
        </figcaption>
      ) : null}
    </figure>
  );
}

function Tip({
  active,
  label,
  payload,
  series,
  format,
}: Pick<TooltipContentProps, "active" | "label" | "payload"> & Pick<Props, "series" | "format">) {
  if (!active || !payload.length) return null;
  const values = payload[0]?.payload as Point;
  const parts = series.map((part) => ({ ...part, value: Number(values[part.key] ?? 0) }));
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  return (
    <div className="tip">
      <strong>{label}</strong>
      {parts
        .filter((part) => part.value > 0 || parts.length === 1)
        .reverse()
        .map((part) => (
          <div key={part.key} className="tip-row">
            <i style={{ background: part.color }} />
            <span>{part.label}</span>
            <b>{format(part.value)}</b>
          </div>
        ))}
      {parts.length > 1 ? (
        <div className="tip-row total">
          <i />
          <span>Total</span>
          <b>{format(total)}</b>
        </div>
      ) : null}
    </div>
  );
}
