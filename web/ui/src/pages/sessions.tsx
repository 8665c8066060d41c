import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { Link, useLocation, useSearchParams } from "react-router";
import { runSql } from "../api";
import { useAuth } from "../auth";
import { Agent } from "../components/agent";
import { Cost } from "../components/cost";
import { type Column, VirtualTable } from "../components/data-table";
import { RangePicker, useRange } from "../components/range-picker";
import { Setup } from "../components/setup";
import { Empty, Failed, Loading, Rows } from "../components/states";
import * as format from "../format";
import * as queries from "../queries";
import { useSetParams } from "../url";
import { useSql } from "../use-sql";
import { ALL, Filters } from "./sessions/filters";

export default function SessionsPage() {
  const range = useRange();
  const { filter, sort, descending, setFilter, setSort } = useListState();
  const { key } = useAuth();
  const list = useInfiniteQuery({
    queryKey: ["sessions", key, range.from, range.to, filter, sort, descending],
    queryFn: ({ pageParam, signal }) =>
      runSql(key ?? "", queries.sessions(range, filter, sort, descending, pageParam), signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) =>
      last.length < queries.SESSION_PAGE ? undefined : pages.length * queries.SESSION_PAGE,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => list.data?.pages.flat() ?? [], [list.data]);
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const filtered = Object.values(filter).some((value) => value !== "");
  return (
    <div className="page fill">
      <title>Sessions · modlake</title>
      <div className="page-head">
        <h1>
          Sessions{" "}
          {list.data ? (
            <small data-count={rows.length}>
              {format.count(rows.length)}
              {hasNextPage ? "+" : ""}
            </small>
          ) : null}
        </h1>
        <RangePicker range={range} />
      </div>
      <Filters range={range} filter={filter} setFilter={setFilter} filtered={filtered} />
      {list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.data && rows.length === 0 && !list.isPlaceholderData ? <NoSessions filtered={filtered} /> : null}
      {rows.length > 0 ? (
        <div className={`panel flush grow ${list.isPlaceholderData ? "stale" : ""}`}>
          <VirtualTable
            label="Sessions"
            columns={COLUMNS}
            rows={rows}
            rowId={(row) => `${row.provider} ${row.session_id}`}
            sorting={{ id: sort, desc: descending }}
            onSort={({ id, desc }) => setSort(id, desc)}
            onEnd={more}
          />
        </div>
      ) : null}
    </div>
  );
}

/** Filter and order, kept in the URL. */
function useListState() {
  const [params] = useSearchParams();
  const setParams = useSetParams();
  const filter = useMemo<queries.SessionFilter>(
    () => ({
      text: params.get("q") ?? ALL,
      person: params.get("person") ?? ALL,
      repo: params.get("repo") ?? ALL,
      provider: params.get("agent") ?? ALL,
    }),
    [params],
  );
  const asked = params.get("sort") ?? "";
  const sort = (asked in queries.SESSION_SORTS ? asked : "started_at") as queries.SessionSort;
  const set = (changes: Record<string, string>) => setParams(changes, { replace: true });
  return {
    filter,
    sort,
    descending: params.get("order") !== "asc",
    setFilter: set,
    setSort: (id: string, desc: boolean) => set({ sort: id, order: desc ? "desc" : "asc" }),
  };
}

function NoSessions({ filtered }: { filtered: boolean }) {
  const answer = useSql(queries.extent());
  return (
    <Rows answer={answer}>
      {([extent]) =>
        extent?.last_session ? (
          <Empty>
            {filtered
              ? "No session fits the filter in these days."
              : `No session began in these days. The last one began on ${format.time(extent.last_session)}.`}
          </Empty>
        ) : (
          <Setup />
        )
      }
    </Rows>
  );
}

type Row = queries.Session;

/** Unknown where no signal tells of requests, as in sessions that only hooks saw. */
const tokens = (row: Row) => (row.api_requests > 0 ? row.input_tokens + row.output_tokens : null);

const COLUMNS: Column<Row>[] = [
  {
    id: "started_at",
    header: "Start",
    value: (row) => row.started_at,
    cell: (row) => <SessionLink row={row} />,
  },
  {
    id: "duration_ms",
    header: "Duration",
    numeric: true,
    value: (row) => row.duration_ms,
    cell: (row) => format.duration(row.duration_ms),
  },
  {
    id: "person",
    header: "Person",
    value: (row) => row.person,
    cell: (row) => <Text value={row.person} show={format.person} />,
  },
  { id: "repo", header: "Repository", value: (row) => row.repo, cell: (row) => <Text value={row.repo} /> },
  {
    id: "branch",
    header: "Branch",
    minor: true,
    value: (row) => row.branch,
    cell: (row) => <Text value={row.branch} />,
  },
  {
    id: "agent",
    header: "Agent",
    value: (row) => `${row.provider} ${row.agent_version}`,
    cell: (row) => <Agent provider={row.provider} version={row.agent_version} />,
  },
  {
    id: "models",
    header: "Models",
    minor: true,
    value: (row) => row.models,
    cell: (row) => <Text value={row.models} show={format.list} />,
  },
  {
    id: "prompts",
    header: "Prompts",
    numeric: true,
    value: (row) => row.prompts,
    cell: (row) => format.count(row.prompts),
  },
  {
    id: "tool_calls",
    header: "Tools",
    numeric: true,
    value: (row) => row.tool_calls,
    cell: (row) => format.count(row.tool_calls),
  },
  {
    id: "failures",
    header: "Failures",
    numeric: true,
    value: (row) => row.tool_failures + row.api_errors,
    cell: (row) => {
      const failures = row.tool_failures + row.api_errors;
      return <span className={failures ? "bad" : "muted"}>{format.count(failures)}</span>;
    },
  },
  {
    id: "tokens",
    header: "Tokens",
    numeric: true,
    value: tokens,
    cell: (row) => format.compact(tokens(row)),
  },
  {
    id: "cost_usd",
    header: "Cost",
    numeric: true,
    value: (row) => row.cost_usd,
    cell: (row) => <Cost usd={row.cost_usd} unpriced={row.unpriced_requests} />,
  },
];

/** Takes the list's own parameters along, so that the way back leads to the same list. */
function SessionLink({ row }: { row: Row }) {
  const { search } = useLocation();
  const title = `${format.timeInFull(row.started_at)}\n${row.session_id}`;
  return (
    <Link to={{ pathname: `/sessions/${encodeURIComponent(row.session_id)}`, search }} title={title}>
      {format.time(row.started_at)}
    </Link>
  );
}

function Text({ value, show = (name) => name }: { value: string | null; show?: (value: string) => string }) {
  return value ? <span title={value}>{show(value)}</span> : <span className="muted">{format.NONE}</span>;
}
