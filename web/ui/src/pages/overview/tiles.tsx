import { ArrowDownRight, ArrowRight, ArrowUpRight } from "lucide-react";
import type { ReactNode } from "react";
import * as format from "../../format";
import type * as queries from "../../queries";

/** `before` is the period before; undefined where nothing happened in it. */
export function Tiles({ totals, before }: { totals: queries.Totals; before: queries.Totals | undefined }) {
  const tokens = (of: queries.Totals) => of.input_tokens + of.output_tokens;
  const failures = (of: queries.Totals) => of.tool_failures + of.api_errors;
  const unpriced = format.unpriced(totals.unpriced_requests);
  return (
    <section className="tiles" aria-label="Totals">
      <Tile name="sessions" label="Sessions" value={format.count(totals.sessions)}>
        <Change now={totals.sessions} before={before?.sessions ?? 0} />
      </Tile>
      <Tile name="people" label="Active people" value={format.count(totals.people)}>
        <Change now={totals.people} before={before?.people ?? 0} />
      </Tile>
      <Tile
        name="cost"
        label="Cost"
        value={format.cost(totals.cost_usd, totals.unpriced_requests)}
        {...(unpriced ? { detail: unpriced } : {})}
      >
        {totals.cost_usd === null ? null : <Change now={totals.cost_usd} before={before?.cost_usd ?? 0} />}
      </Tile>
      <Tile
        name="tokens"
        label="Tokens"
        value={format.compact(tokens(totals))}
        detail={`${format.compact(totals.input_tokens)} in, ${format.compact(totals.output_tokens)} out`}
      >
        <Change now={tokens(totals)} before={before ? tokens(before) : 0} />
      </Tile>
      <Tile
        name="failures"
        label="Failures"
        value={format.count(failures(totals))}
        detail={`${format.count(totals.tool_failures)} tool, ${format.count(totals.api_errors)} API`}
      >
        <Change now={failures(totals)} before={before ? failures(before) : 0} lessIsBetter />
      </Tile>
    </section>
  );
}

function Tile(props: { name: string; label: string; value: string; detail?: string; children: ReactNode }) {
  return (
    <div className="tile" data-tile={props.name}>
      <span className="tile-label">{props.label}</span>
      <span className="tile-value">{props.value}</span>
      <span className="tile-foot">
        {props.children}
        {props.detail ? <span className="muted">{props.detail}</span> : null}
      </span>
    </div>
  );
}

/** More use or cost is neither good nor bad; more failures are bad. */
function Change({ now, before, lessIsBetter }: { now: number; before: number; lessIsBetter?: boolean }) {
  const share = format.change(now, before);
  const title = "against the period of equal length before";
  if (share === null) {
    return (
      <span className="change muted" title={title}>
        new
      </span>
    );
  }
  const Arrow = share > 0.0005 ? ArrowUpRight : share < -0.0005 ? ArrowDownRight : ArrowRight;
  const tone = !lessIsBetter || Math.abs(share) <= 0.0005 ? "" : share > 0 ? "bad" : "good";
  return (
    <span className={`change ${tone}`} title={title}>
      <Arrow size={13} aria-hidden />
      {format.percent(Math.abs(share))}
      <span className="sr-only">{share > 0 ? " more" : share < 0 ? " less" : ""} than in the period before</span>
    </span>
  );
}
