import { Link } from "react-router";
import { RangePicker, useRange } from "../components/range-picker";
import { Setup } from "../components/setup";
import { Empty, Failed, Loading, Rows } from "../components/states";
import * as format from "../format";
import * as queries from "../queries";
import { dayOf, type Range } from "../range";
import { useSql } from "../use-sql";
import { Charts } from "./overview/charts";
import { Tables } from "./overview/tables";
import { Tiles } from "./overview/tiles";

export default function OverviewPage() {
  const range = useRange();
  const current = useSql(queries.totals(range.from, range.to));
  const totals = current.data?.[0];
  return (
    <div className="page">
      <title>Overview · modlake</title>
      <div className="page-head">
        <h1>Overview</h1>
        <RangePicker range={range} />
      </div>
      {current.error && !totals ? <Failed error={current.error} retry={() => void current.refetch()} /> : null}
      {!current.error && !totals ? <Loading /> : null}
      {totals && totals.events === 0 && !current.isPlaceholderData ? <Nothing range={range} /> : null}
      {totals && totals.events > 0 ? (
        <div className={current.isPlaceholderData ? "stale" : undefined}>
          <Tiles range={range} totals={totals} />
          <Charts range={range} />
          <Tables range={range} />
        </div>
      ) : null}
    </div>
  );
}

/** The period is empty: either all is, or the last data lies elsewhere. */
function Nothing({ range }: { range: Range }) {
  const answer = useSql(queries.extent());
  return (
    <Rows answer={answer}>
      {([extent]) =>
        extent?.last_event ? (
          <Empty>
            <p>
              Nothing happened in these days. The last event is of {format.time(extent.last_event)}:{" "}
              <Link to={`?days=${range.days}&until=${dayOf(Date.parse(extent.last_event))}`}>show that period</Link>
            </p>
          </Empty>
        ) : (
          <Setup />
        )
      }
    </Rows>
  );
}
