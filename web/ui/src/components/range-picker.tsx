import { ChevronLeft, ChevronRight } from "lucide-react";
import { ToggleGroup } from "radix-ui";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { period } from "../format";
import { DAY_CHOICES, type Range, rangeOf, shifted } from "../range";
import { useSetParams } from "../url";

/** The period in the URL. A new object only when the URL or the minute changes, so that statements stay equal. */
export function useRange(): Range {
  const [params] = useSearchParams();
  const text = params.toString();
  const minute = Math.floor(Date.now() / 60_000);
  return useMemo(() => rangeOf(new URLSearchParams(text), new Date(minute * 60_000)), [text, minute]);
}

export function RangePicker({ range }: { range: Range }) {
  const setParams = useSetParams();
  const change = (days: number, until: string | null) => setParams({ days: String(days), until });
  const move = (periods: number) => {
    const { days, until } = shifted(range, periods);
    change(days, until);
  };
  return (
    <div className="range">
      <span className="range-period">
        <button type="button" className="button quiet icon" onClick={() => move(-1)} aria-label="Period before">
          <ChevronLeft size={16} aria-hidden />
        </button>
        <span title="Days are in UTC">{period(range.from, range.to)}</span>
        <button
          type="button"
          className="button quiet icon"
          onClick={() => move(1)}
          disabled={range.current}
          aria-label="Period after"
        >
          <ChevronRight size={16} aria-hidden />
        </button>
      </span>
      <ToggleGroup.Root
        type="single"
        className="segments"
        aria-label="Length of the period"
        value={String(range.days)}
        onValueChange={(value) => value && change(Number(value), range.current ? null : range.until)}
      >
        {DAY_CHOICES.map((days) => (
          <ToggleGroup.Item key={days} value={String(days)} className="segment">
            {days === 1 ? "1 day" : `${days} days`}
          </ToggleGroup.Item>
        ))}
      </ToggleGroup.Root>
    </div>
  );
}
