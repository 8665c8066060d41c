import { useMemo } from "react";
import { Link, useSearchParams } from "react-router";
import { Cost } from "../../components/cost";
import { type Column, SortedTable } from "../../components/data-table";
import { Empty, Rows } from "../../components/states";
import * as format from "../../format";
import * as queries from "../../queries";
import type { Range } from "../../range";
import { useSql } from "../../use-sql";

export function Tables({ range }: { range: Range }) {
  const models = useSql(queries.byModel(range));
  const tools = useSql(queries.byTool(range));
  const groups = useSql(queries.byPersonAndRepository(range));
  const peopleColumns = useMemo(() => groupColumns("Person", "person"), []);
  const repositoryColumns = useMemo(() => groupColumns("Repository", "repo"), []);
  return (
    <div className="grid two">
      <section className="panel">
        <h2>By model</h2>
        <Rows answer={models}>
          {(rows) => (
            <SortedTable
              label="By model"
              columns={MODEL_COLUMNS}
              rows={rows}
              rowId={(row) => row.model ?? ""}
              initial={{ id: "cost", desc: true }}
            />
          )}
        </Rows>
      </section>
      <section className="panel">
        <h2>By tool</h2>
        <Rows answer={tools}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty>No tool was called.</Empty>
            ) : (
              <SortedTable
                label="By tool"
                columns={TOOL_COLUMNS}
                rows={rows}
                rowId={(row) => row.tool ?? ""}
                initial={{ id: "calls", desc: true }}
              />
            )
          }
        </Rows>
      </section>
      <section className="panel">
        <h2>By person</h2>
        <Rows answer={groups}>
          {(rows) => (
            <SortedTable
              label="By person"
              columns={peopleColumns}
              rows={rows.filter(({ kind }) => kind === "person")}
              rowId={(row) => row.name ?? ""}
              initial={{ id: "cost", desc: true }}
            />
          )}
        </Rows>
      </section>
      <section className="panel">
        <h2>By repository</h2>
        <Rows answer={groups}>
          {(rows) => (
            <SortedTable
              label="By repository"
              columns={repositoryColumns}
              rows={rows.filter(({ kind }) => kind === "repo")}
              rowId={(row) => row.name ?? ""}
              initial={{ id: "cost", desc: true }}
            />
          )}
        </Rows>
      </section>
    </div>
  );
}

const MODEL_COLUMNS: Column<queries.ModelUse>[] = [
  { id: "model", header: "Model", value: (row) => row.model ?? "unknown" },
  {
    id: "requests",
    header: "Requests",
    numeric: true,
    value: (row) => row.requests,
    cell: (row) => format.count(row.requests),
  },
  {
    id: "errors",
    header: "Errors",
    numeric: true,
    value: (row) => row.errors,
    cell: (row) => <Failures count={row.errors} />,
  },
  {
    id: "input",
    header: "Input",
    numeric: true,
    minor: true,
    value: (row) => row.input_tokens,
    cell: (row) => format.compact(row.input_tokens),
  },
  {
    id: "cached",
    header: "Cached",
    numeric: true,
    minor: true,
    value: (row) => (row.input_tokens ? row.cache_read_tokens / row.input_tokens : null),
    cell: (row) => format.percent(row.input_tokens ? row.cache_read_tokens / row.input_tokens : null),
  },
  {
    id: "output",
    header: "Output",
    numeric: true,
    minor: true,
    value: (row) => row.output_tokens,
    cell: (row) => format.compact(row.output_tokens),
  },
  {
    id: "median",
    header: "Median",
    numeric: true,
    minor: true,
    value: (row) => row.median_ms,
    cell: (row) => format.duration(row.median_ms),
  },
  {
    id: "cost",
    header: "Cost",
    numeric: true,
    value: (row) => row.cost_usd,
    cell: (row) => <Cost usd={row.cost_usd} unpriced={row.unpriced_requests} />,
  },
];

const TOOL_COLUMNS: Column<queries.ToolUse>[] = [
  { id: "tool", header: "Tool", value: (row) => row.tool ?? "unknown" },
  { id: "calls", header: "Calls", numeric: true, value: (row) => row.calls, cell: (row) => format.count(row.calls) },
  {
    id: "failures",
    header: "Failures",
    numeric: true,
    value: (row) => row.failures,
    cell: (row) => <Failures count={row.failures} of={row.calls} />,
  },
  {
    id: "rejected",
    header: "Rejected",
    numeric: true,
    minor: true,
    value: (row) => row.rejected,
    cell: (row) => format.count(row.rejected),
  },
  {
    id: "median",
    header: "Median",
    numeric: true,
    value: (row) => row.median_ms,
    cell: (row) => format.duration(row.median_ms),
  },
];

function groupColumns(header: string, filter: "person" | "repo"): Column<queries.GroupUse>[] {
  return [
    {
      id: "name",
      header,
      value: (row) => row.name ?? "unknown",
      cell: (row) => <GroupName name={row.name} filter={filter} />,
    },
    {
      id: "sessions",
      header: "Sessions",
      numeric: true,
      value: (row) => row.sessions,
      cell: (row) => format.count(row.sessions),
    },
    {
      id: "prompts",
      header: "Prompts",
      numeric: true,
      minor: true,
      value: (row) => row.prompts,
      cell: (row) => format.count(row.prompts),
    },
    {
      id: "failures",
      header: "Failures",
      numeric: true,
      value: (row) => row.failures,
      cell: (row) => <Failures count={row.failures} />,
    },
    {
      id: "tokens",
      header: "Tokens",
      numeric: true,
      minor: true,
      value: (row) => row.tokens,
      cell: (row) => format.compact(row.tokens),
    },
    {
      id: "cost",
      header: "Cost",
      numeric: true,
      value: (row) => row.cost_usd,
      cell: (row) => <Cost usd={row.cost_usd} unpriced={row.unpriced_requests} />,
    },
  ];
}

/** Leads to the sessions of the person or repository in the same period. */
function GroupName({ name, filter }: { name: string | null; filter: "person" | "repo" }) {
  const [params] = useSearchParams();
  if (name === null) return <span className="muted">unknown</span>;
  const search = new URLSearchParams(params);
  search.set(filter, name);
  return (
    <Link to={{ pathname: "/sessions", search: search.toString() }} title={name}>
      {filter === "person" ? format.person(name) : name}
    </Link>
  );
}

function Failures({ count, of }: { count: number; of?: number }) {
  if (count === 0) return <span className="muted">0</span>;
  return (
    <span className="bad" title={of ? `${format.percent(count / of)} of the calls` : undefined}>
      {format.count(count)}
    </span>
  );
}
