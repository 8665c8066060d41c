import { useMemo } from "react";
import { Link } from "react-router";
import { ChartPanel } from "../../components/chart-panel";
import type { Series } from "../../components/charts";
import { type Column, SortedTable } from "../../components/data-table";
import { Empty, Rows } from "../../components/states";
import * as queries from "../../deployment-queries";
import * as format from "../../format";
import { bucketsOf, bucketUnit, dayOf, type Range } from "../../range";
import { stacked } from "../../series";
import { useSql } from "../../use-sql";

interface Props {
  deploymentId: string;
  deployment: queries.DeploymentHead;
  range: Range;
}

const PEOPLE_SERIES: Series[] = [{ key: "people", label: "People", color: "var(--c2)" }];

/** Who used it, when, and what for. */
export function Engagement({ deploymentId, deployment, range }: Props) {
  // The last answer is of other days than the bars would be.
  const events = useSql(queries.eventBuckets(range, deploymentId), { keep: false });
  const people = useSql(queries.peopleBuckets(range, deploymentId), { keep: false });
  const bars = useMemo(() => {
    const rows = events.data?.map(({ bucket, event_name, events }) => ({ bucket, name: event_name, value: events }));
    return rows ? stacked(range, rows, "Other events") : null;
  }, [range, events.data]);
  const heads = useMemo(() => (people.data ? peoplePoints(range, people.data) : null), [range, people.data]);
  const per = bucketUnit(range);
  if (events.data?.length === 0) return <Nothing deployment={deployment} range={range} />;
  return (
    <>
      <div className="grid two">
        <ChartPanel
          title="Events"
          per={per}
          answer={events}
          series={bars?.series}
          points={bars?.points}
          show={format.count}
          counted
        />
        <ChartPanel
          title="People"
          per={per}
          answer={people}
          series={PEOPLE_SERIES}
          points={heads}
          show={format.count}
          counted
        />
      </div>
      <Tables deploymentId={deploymentId} range={range} />
    </>
  );
}

function Nothing({ deployment, range }: { deployment: queries.DeploymentHead; range: Range }) {
  const last = Date.parse(deployment.last_at);
  const isShown = Date.parse(range.from) <= last && last < Date.parse(range.to);
  return (
    <Empty>
      <p>
        No event in these days. The deployment was last seen on {format.time(deployment.last_at)}
        {isShown ? (
          ", by a heartbeat or an error."
        ) : (
          <>
            : <Link to={`?days=${range.days}&until=${dayOf(last)}`}>show that period</Link>
          </>
        )}
      </p>
    </Empty>
  );
}

function Tables({ deploymentId, range }: { deploymentId: string; range: Range }) {
  const people = useSql(queries.byPerson(range, deploymentId));
  const events = useSql(queries.byEvent(range, deploymentId));
  const versions = useSql(queries.byVersion(range, deploymentId));
  return (
    <div className="grid two">
      <section className="panel">
        <h2>By event</h2>
        <Rows answer={events}>
          {(rows) => (
            <SortedTable
              label="By event"
              columns={EVENT_COLUMNS}
              rows={rows}
              rowId={(row) => JSON.stringify([row.event_name, row.label])}
              initial={{ id: "events", desc: true }}
            />
          )}
        </Rows>
      </section>
      <section className="panel">
        <h2>By person</h2>
        <Rows answer={people}>
          {(rows) => (
            <SortedTable
              label="By person"
              columns={PERSON_COLUMNS}
              rows={rows}
              rowId={(row) => row.person ?? ""}
              initial={{ id: "events", desc: true }}
            />
          )}
        </Rows>
      </section>
      <section className="panel">
        <h2>By version</h2>
        <Rows answer={versions}>
          {(rows) => (
            <SortedTable
              label="By version"
              columns={VERSION_COLUMNS}
              rows={rows}
              rowId={(row) => row.version ?? ""}
              initial={{ id: "last_at", desc: true }}
            />
          )}
        </Rows>
      </section>
    </div>
  );
}

function numbers<Row>(id: string, header: string, value: (row: Row) => number, minor = false): Column<Row> {
  return { id, header, numeric: true, minor, value, cell: (row) => format.count(value(row)) };
}

function lastSeen<Row extends { last_at: string }>(): Column<Row> {
  return {
    id: "last_at",
    header: "Last seen",
    numeric: true,
    minor: true,
    value: (row) => Date.parse(row.last_at),
    cell: (row) => <span title={format.timeInFull(row.last_at)}>{format.time(row.last_at)}</span>,
  };
}

const EVENT_COLUMNS: Column<queries.EventUse>[] = [
  {
    id: "event",
    header: "Event",
    value: (row) => row.event_name ?? "unknown",
    cell: (row) => (
      <span className="two-lines">
        <span title={row.event_name ?? undefined}>{row.event_name ?? "unknown"}</span>
        {row.label ? <small title={row.label}>{row.label}</small> : null}
      </span>
    ),
  },
  numbers("people", "People", (row) => row.people),
  numbers("events", "Events", (row) => row.events),
  numbers("held_back", "Held back", (row) => row.held_back, true),
];

const PERSON_COLUMNS: Column<queries.PersonUse>[] = [
  {
    id: "person",
    header: "Person",
    value: (row) => row.person ?? "unknown",
    cell: (row) => <span title={row.person ?? undefined}>{format.person(row.person)}</span>,
  },
  numbers("days", "Days", (row) => row.days),
  numbers("events", "Events", (row) => row.events),
  lastSeen(),
];

const VERSION_COLUMNS: Column<queries.VersionUse>[] = [
  { id: "version", header: "Version", value: (row) => row.version ?? "unknown" },
  numbers("people", "People", (row) => row.people),
  numbers("events", "Events", (row) => row.events),
  {
    id: "errors",
    header: "Errors",
    numeric: true,
    value: (row) => row.errors,
    cell: (row) => <span className={row.errors ? "bad" : "muted"}>{format.count(row.errors)}</span>,
  },
  lastSeen(),
];

function peoplePoints(range: Range, rows: queries.PeopleBucket[]) {
  const found = new Map(rows.map((row) => [Date.parse(row.bucket), row.people]));
  return bucketsOf(range).map((at) => ({
    label: format.bucket(at, bucketUnit(range)),
    people: found.get(at) ?? 0,
  }));
}
