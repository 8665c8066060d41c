import {
  type ColumnDef,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  type SortingState,
  sortFn_alphanumeric,
  sortFn_basic,
  sortFn_text,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, text: sortFn_text, basic: sortFn_basic },
});

export interface Column<Row> {
  id: string;
  header: string;
  /** What it is sorted by. */
  value: (row: Row) => string | number | null;
  /** What is shown; the value itself when absent. */
  cell?: (row: Row) => ReactNode;
  numeric?: boolean;
  /** Left out on narrow screens. */
  minor?: boolean;
}

interface Common<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowId: (row: Row, index: number) => string;
}

type Sorting = { id: string; desc: boolean };

/** A table that holds all its rows and sorts them itself. `whole`: it scrolls with the page, not in its panel. */
export function SortedTable<Row extends RowData>({
  initial,
  whole = false,
  ...props
}: Common<Row> & { initial: Sorting; whole?: boolean }) {
  const [sorting, setSorting] = useState<SortingState>([initial]);
  const table = useRows(props, sorting, setSorting, false);
  return (
    <div className={whole ? "table-scroll whole" : "table-scroll"}>
      <table aria-label={props.label}>
        <Head table={table} columns={props.columns} />
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id}>
              <Cells row={row.original} columns={props.columns} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const ROW_HEIGHT = 41;

/** A long table whose rows come sorted, page by page; only what is in sight is in the document. */
export function VirtualTable<Row extends RowData>({
  sorting,
  onSort,
  onEnd,
  ...props
}: Common<Row> & { sorting: Sorting; onSort: (sorting: Sorting) => void; onEnd: () => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const state = useMemo(() => [sorting], [sorting]);
  const table = useRows(
    props,
    state,
    (next) => {
      const [first] = typeof next === "function" ? next(state) : next;
      if (first) onSort(first);
    },
    true,
  );
  const rows = table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd();
  }, [last, rows.length, onEnd]);
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className="table-scroll long" ref={scroller} aria-label={props.label} tabIndex={0}>
      <table aria-label={props.label} aria-rowcount={rows.length}>
        <Head table={table} columns={props.columns} />
        <tbody>
          {above > 0 ? <tr style={{ height: above }} aria-hidden /> : null}
          {items.map(({ index }) => {
            const row = rows[index];
            return row ? (
              <tr key={row.id} style={{ height: ROW_HEIGHT }} aria-rowindex={index + 1}>
                <Cells row={row.original} columns={props.columns} />
              </tr>
            ) : null;
          })}
          {below > 0 ? <tr style={{ height: below }} aria-hidden /> : null}
        </tbody>
      </table>
    </section>
  );
}

type Updater = SortingState | ((before: SortingState) => SortingState);

function useRows<Row extends RowData>(
  { columns, rows, rowId }: Common<Row>,
  sorting: SortingState,
  onSortingChange: (next: Updater) => void,
  manualSorting: boolean,
) {
  const definitions = useMemo(
    () =>
      columns.map(
        (column): ColumnDef<typeof features, Row> => ({
          id: column.id,
          header: column.header,
          // The table keeps unknown values last in either direction only when they are undefined.
          accessorFn: (row) => column.value(row) ?? undefined,
          sortUndefined: "last",
          sortDescFirst: column.numeric ?? false,
          sortFn: column.numeric ? "basic" : "text",
        }),
      ),
    [columns],
  );
  return useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowId,
    state: { sorting },
    onSortingChange,
    manualSorting,
    enableSortingRemoval: false,
    enableMultiSort: false,
  });
}

function Head<Row extends RowData>({
  table,
  columns,
}: {
  table: ReturnType<typeof useRows<Row>>;
  columns: Column<Row>[];
}) {
  return (
    <thead>
      <tr>
        {table.getHeaderGroups()[0]?.headers.map((header, index) => {
          const direction = header.column.getIsSorted();
          const column = columns[index];
          return (
            <th
              key={header.id}
              scope="col"
              className={column ? classOf(column) : undefined}
              aria-sort={direction === "asc" ? "ascending" : direction === "desc" ? "descending" : "none"}
            >
              <button type="button" onClick={header.column.getToggleSortingHandler()}>
                {column?.header}
                {direction === "asc" ? <ArrowUp size={12} aria-hidden /> : null}
                {direction === "desc" ? <ArrowDown size={12} aria-hidden /> : null}
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Cells<Row>({ row, columns }: { row: Row; columns: Column<Row>[] }) {
  return columns.map((column) => (
    <td key={column.id} className={classOf(column)}>
      {column.cell ? column.cell(row) : column.value(row)}
    </td>
  ));
}

function classOf<Row>(column: Column<Row>): string {
  return [column.numeric ? "numeric" : "", column.minor ? "minor" : ""].join(" ").trim();
}
