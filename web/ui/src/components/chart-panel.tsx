import { lazy, Suspense } from "react";
import type { Point, Series } from "./charts";
import { Failed, Loading } from "./states";

const StackedBars = lazy(() => import("./charts"));

/** A chart under its title, or why there is none yet. */
export function ChartPanel(props: {
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
