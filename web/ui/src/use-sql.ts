import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { runSql, type Statement } from "./api";
import { useAuth } from "./auth";

/** Rows of a statement; the last answer stays on the page while a new period loads. */
export function useSql<Row>(statement: Statement<Row>, options: { enabled?: boolean; keep?: boolean } = {}) {
  const { key } = useAuth();
  return useQuery({
    queryKey: ["sql", key, statement.query, statement.params],
    queryFn: ({ signal }) => runSql(key ?? "", statement, signal),
    enabled: key !== null && (options.enabled ?? true),
    ...(options.keep === false ? {} : { placeholderData: keepPreviousData }),
  });
}
