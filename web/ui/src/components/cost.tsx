import * as format from "../format";

/** A cost; where not every request's price is known, it is the least it can be. */
export function Cost({ usd, unpriced }: { usd: number | null; unpriced: number }) {
  const title = format.unpriced(unpriced) ?? undefined;
  return (
    <span className={usd === null ? "muted" : undefined} title={title}>
      {format.cost(usd, unpriced)}
    </span>
  );
}
