import { Link, useLocation } from "react-router";
import { type Column, SortedTable } from "../components/data-table";
import { DeploymentSetup } from "../components/deployment-setup";
import { RangePicker, useRange } from "../components/range-picker";
import { Empty, Rows } from "../components/states";
import * as queries from "../deployment-queries";
import * as format from "../format";
import { dayOf, type Range } from "../range";
import { useSql } from "../use-sql";

export default function DeploymentsPage() {
  const range = useRange();
  const answer = useSql(queries.deployments(range));
  const rows = answer.data;
  return (
    <div className="page">
      <title>Deployments · modlake</title>
      <div className="page-head">
        <h1>Deployments {rows ? <small data-count={rows.length}>{format.count(rows.length)}</small> : null}</h1>
        <RangePicker range={range} />
      </div>
      <Rows answer={answer}>
        {(rows) =>
          rows.length > 0 ? (
            <div className={`panel flush ${answer.isPlaceholderData ? "stale" : ""}`}>
              <SortedTable
                label="Deployments"
                whole
                columns={COLUMNS}
                rows={rows}
                rowId={(row) => row.deployment_id}
                initial={{ id: "last_at", desc: true }}
              />
            </div>
          ) : answer.isPlaceholderData ? null : (
            <NoDeployments range={range} />
          )
        }
      </Rows>
    </div>
  );
}

/** The period is empty: either no deployment ever told anything, or the last one did on other days. */
function NoDeployments({ range }: { range: Range }) {
  const answer = useSql(queries.deploymentExtent(null));
  return (
    <Rows answer={answer}>
      {([extent]) =>
        extent?.last_at ? (
          <Empty>
            <p>
              No deployment was seen in these days. The last one was seen on {format.time(extent.last_at)}:{" "}
              <Link to={`?days=${range.days}&until=${dayOf(Date.parse(extent.last_at))}`}>show that period</Link>
            </p>
          </Empty>
        ) : (
          <DeploymentSetup />
        )
      }
    </Rows>
  );
}

const COLUMNS: Column<queries.Deployment>[] = [
  {
    id: "mod",
    header: "Deployment",
    value: (row) => row.mod_id ?? row.deployment_id,
    cell: (row) => <DeploymentLink row={row} />,
  },
  {
    id: "versions",
    header: "Versions",
    minor: true,
    value: (row) => format.versions(row.versions)[0] ?? null,
    cell: (row) => <Versions versions={row.versions} />,
  },
  {
    id: "people",
    header: "People",
    numeric: true,
    value: (row) => row.people,
    cell: (row) => format.count(row.people),
  },
  {
    id: "events",
    header: "Events",
    numeric: true,
    value: (row) => row.events,
    cell: (row) => format.count(row.events),
  },
  {
    id: "errors",
    header: "Errors",
    numeric: true,
    value: (row) => row.errors,
    cell: (row) => <span className={row.errors ? "bad" : "muted"}>{format.count(row.errors)}</span>,
  },
  {
    id: "last_at",
    header: "Last seen",
    numeric: true,
    minor: true,
    value: (row) => Date.parse(row.last_at),
    cell: (row) => <span title={format.timeInFull(row.last_at)}>{format.time(row.last_at)}</span>,
  },
];

function DeploymentLink({ row }: { row: queries.Deployment }) {
  const { search } = useLocation();
  const to = { pathname: `/deployments/${encodeURIComponent(row.deployment_id)}`, search };
  return (
    <span className="two-lines">
      <Link to={to} title={row.mod_id ?? row.deployment_id}>
        {row.mod_id ?? row.deployment_id}
      </Link>
      {row.mod_id ? <small title={row.deployment_id}>{row.deployment_id}</small> : null}
    </span>
  );
}

/** The highest, and how many more there are. */
function Versions({ versions }: { versions: string[] | null }) {
  const [highest, ...others] = format.versions(versions);
  if (highest === undefined) return <span className="muted">{format.NONE}</span>;
  return (
    <span title={[highest, ...others].join(", ")}>
      {highest}
      {others.length > 0 ? <small> +{others.length}</small> : null}
    </span>
  );
}
