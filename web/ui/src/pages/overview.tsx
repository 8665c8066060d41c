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
  const answer = useSql(queries.totals(range));
  const { data, error } = answer;
  const totals = data?.find(({ period }) => period === "current");
  const before = data?.find(({ period }) => period === "previous");
  return (
    <div className="page">
      <title>Overview · modlake</title>
      <div className="page-head">
        <h1>Overview</h1>
        <RangePicker range={range} />
      </div>
      {error && !data ? <Failed error={error} retry={() => void answer.refetch()} /> : null}
      {!error && !data ? <Loading /> : null}
      {data && !totals && !answer.isPlaceholderData ? <Nothing range={range} /> : null}
      {totals ? (
        <div className={answer.isPlaceholderData ? "stale" : undefined}>
          <Tiles totals={totals} before={before} />
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
        extent?.last_session ? (
          <Empty>
            <p>
              Nothing happened in these days. The last session began on {format.time(extent.last_session)}:{" "}
              <Link to={`?days=${range.days}&until=${dayOf(Date.parse(extent.last_session))}`}>show that period</Link>
            </p>
          </Empty>
        ) : (
          <Setup />
        )
      }
    </Rows>
  );
}
