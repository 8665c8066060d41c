import { useSearchParams } from "react-router";
import { useAuth } from "../../auth";
import { type Column, SortedTable } from "../../components/data-table";
import { ErrorDrawer } from "../../components/error-drawer";
import { Empty, Rows } from "../../components/states";
import * as queries from "../../deployment-queries";
import * as format from "../../format";
import type { Range } from "../../range";
import { useSetParams } from "../../url";
import { useSql } from "../../use-sql";
import { ClearErrors } from "./clear-errors";

/** What failed: one line for all errors that are alike. */
export function Errors(props: { deploymentId: string; deployment: queries.DeploymentHead; range: Range }) {
  const { deploymentId, deployment, range } = props;
  const { me } = useAuth();
  const groups = useSql(queries.errorGroups(range, deploymentId));
  const [params] = useSearchParams();
  const setParams = useSetParams();
  const openId = params.get("group");
  const setOpen = (id: string | null) => setParams({ group: id }, { replace: true });
  return (
    <section aria-label="Errors">
      <Rows answer={groups}>
        {(rows) => (
          <>
            <div className="timeline-head">
              <p className="muted">
                {deployment.cleared_at ? `Cleared on ${format.time(deployment.cleared_at)}. ` : ""}
                {rows.length >= queries.GROUP_LIMIT ? `The ${rows.length} latest groups are shown.` : ""}
              </p>
              {me?.scopes.includes("admin") && rows.length > 0 ? <ClearErrors deploymentId={deploymentId} /> : null}
            </div>
            {rows.length > 0 ? (
              <div className={`panel flush ${groups.isPlaceholderData ? "stale" : ""}`}>
                <SortedTable
                  label="Errors"
                  whole
                  columns={columns(setOpen)}
                  rows={rows}
                  rowId={(row) => row.group_id}
                  initial={{ id: "last_at", desc: true }}
                />
              </div>
            ) : (
              <Empty>No error in these days{deployment.cleared_at ? " since they were cleared" : ""}.</Empty>
            )}
          </>
        )}
      </Rows>
      <ErrorDrawer deploymentId={deploymentId} range={range} groupId={openId} onClose={() => setOpen(null)} />
    </section>
  );
}

function columns(open: (id: string) => void): Column<queries.ErrorGroup>[] {
  return [
    {
      id: "message",
      header: "Error",
      value: (row) => row.message,
      cell: (row) => (
        <span className="two-lines">
          <button type="button" className="link" title={row.message ?? undefined} onClick={() => open(row.group_id)}>
            {row.message ?? row.class_name ?? "unknown error"}
          </button>
          <small>{[row.label, row.step_label].filter(Boolean).join(" › ") || row.class_name}</small>
        </span>
      ),
    },
    {
      id: "version",
      header: "Version",
      minor: true,
      value: (row) => row.version,
      cell: (row) => row.version ?? <span className="muted">{format.NONE}</span>,
    },
    {
      id: "client",
      header: "Client",
      minor: true,
      value: (row) => row.client_version,
      cell: (row) => row.client_version ?? <span className="muted">{format.NONE}</span>,
    },
    {
      id: "people",
      header: "People",
      numeric: true,
      value: (row) => row.people,
      cell: (row) => format.count(row.people),
    },
    {
      id: "occurrences",
      header: "Count",
      numeric: true,
      value: (row) => row.occurrences,
      cell: (row) => <span className="bad">{format.count(row.occurrences)}</span>,
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
}
