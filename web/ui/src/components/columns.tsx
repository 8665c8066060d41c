import * as format from "../format";
import type { FullEvent } from "../queries";

/** Said by another column. */
const PARTITION = ["year", "month", "day"];

/** Every column of a row that has a value; those of `apart`, texts of JSON or many lines, below the others under a title. */
export function Columns({ row, apart }: { row: FullEvent; apart: Record<string, string> }) {
  const known = Object.entries(row).filter(
    ([name, value]) => value !== null && value !== "" && !(name in apart) && !PARTITION.includes(name),
  );
  return (
    <>
      <dl className="columns">
        {known.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{show(name, value)}</dd>
          </div>
        ))}
      </dl>
      {Object.entries(apart).map(([name, title]) => (
        <section key={name}>
          <h3>{title}</h3>
          <pre>{pretty(row[name] ?? null)}</pre>
        </section>
      ))}
    </>
  );
}

function show(name: string, value: FullEvent[string]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (name === "cost_usd" && typeof value === "number") return format.usd(value);
  if (name === "duration_ms" && typeof value === "number") return format.duration(value);
  if (typeof value === "number") return format.count(value);
  return String(value);
}

function pretty(value: FullEvent[string]): string {
  if (typeof value !== "string" || value === "") return "none";
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
