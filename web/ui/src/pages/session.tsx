import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ChevronLeft } from "lucide-react";
import { ToggleGroup } from "radix-ui";
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation, useParams, useSearchParams } from "react-router";
import { Agent } from "../components/agent";
import { Cost } from "../components/cost";
import { EventDrawer } from "../components/event-drawer";
import { Empty, Failed, Loading, Rows } from "../components/states";
import { EntryRow, GroupHead, KIND_LABELS } from "../components/timeline-rows";
import * as format from "../format";
import * as queries from "../queries";
import { type Entry, type Group, groupTimeline, KINDS, type Kind } from "../timeline";
import { useSetParams } from "../url";
import { useSql } from "../use-sql";

export default function SessionPage() {
  const { sessionId = "" } = useParams();
  const { search } = useLocation();
  const head = useSql(queries.session(sessionId), { keep: false });
  const events = useSql(queries.timeline(sessionId), { keep: false });
  const back = useMemo(() => {
    const params = new URLSearchParams(search);
    params.delete("event");
    return { pathname: "/sessions", search: params.toString() };
  }, [search]);
  return (
    <div className="page">
      <title>Session · modlake</title>
      <Link className="back" to={back}>
        <ChevronLeft size={14} aria-hidden /> Sessions
      </Link>
      <Rows answer={head}>
        {([session]) =>
          session ? (
            <>
              <SessionHead session={session} />
              {events.error && !events.data ? (
                <Failed error={events.error} retry={() => void events.refetch()} />
              ) : null}
              {events.isPending ? <Loading label="Loading the timeline" /> : null}
              {events.data ? <Timeline sessionId={sessionId} events={events.data} /> : null}
            </>
          ) : (
            <Empty>
              <h1>No such session</h1>
              <p>
                Nothing was received of <code>{sessionId}</code>, or it is no longer kept.
              </p>
            </Empty>
          )
        }
      </Rows>
    </div>
  );
}

function SessionHead({ session }: { session: queries.Session }) {
  // Where no signal tells of requests, tokens are unknown, not zero.
  const tokens = (value: number) => format.compact(session.api_requests > 0 ? value : null);
  const facts: [string, string | null][] = [
    ["Person", session.person && format.person(session.person)],
    ["Repository", session.repo],
    ["Branch", session.branch],
    ["Models", session.models && format.list(session.models)],
    ["Session", session.session_id],
  ];
  const failures = session.tool_failures + session.api_errors;
  const figures: [string, ReactNode, boolean?][] = [
    ["Duration", format.duration(session.duration_ms)],
    ["Prompts", format.count(session.prompts)],
    ["Tool calls", format.count(session.tool_calls)],
    ["Failures", format.count(failures), failures > 0],
    ["Tokens in", tokens(session.input_tokens)],
    ["Tokens out", tokens(session.output_tokens)],
    ["Cost", <Cost key="cost" usd={session.cost_usd} unpriced={session.unpriced_requests} />],
  ];
  return (
    <header className="panel session-head">
      <h1 title={session.started_at}>{format.timeInFull(session.started_at)}</h1>
      <dl className="facts">
        <div>
          <dt>Agent</dt>
          <dd>
            <Agent provider={session.provider} version={session.agent_version} />
          </dd>
        </div>
        {facts.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd title={value}>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
      <dl className="figures">
        {figures.map(([name, value, bad]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={bad ? "bad" : undefined}>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

type Line = { type: "group"; group: Group; number: number } | { type: "entry"; group: Group; entry: Entry };

function Timeline({ sessionId, events }: { sessionId: string; events: queries.TimelineEvent[] }) {
  const groups = useMemo(() => groupTimeline(events), [events]);
  const counts = useMemo(() => countKinds(groups), [groups]);
  const [hidden, setHidden] = useState<Kind[]>(["background"]);
  const shown = KINDS.filter((kind) => !hidden.includes(kind));
  const lines = useMemo(() => linesOf(groups, hidden), [groups, hidden]);
  const [params] = useSearchParams();
  const setParams = useSetParams();
  const openId = params.get("event");
  const open = useMemo(() => findEntry(groups, openId), [groups, openId]);
  const setOpen = (id: string | null) => setParams({ event: id }, { replace: true });
  const kinds = KINDS.filter((kind) => kind !== "prompt" && counts.has(kind));
  return (
    <section aria-label="Timeline">
      <div className="timeline-head">
        <h2>Timeline</h2>
        <ToggleGroup.Root
          type="multiple"
          className="chips"
          aria-label="Kinds shown"
          value={shown}
          onValueChange={(values) => setHidden(KINDS.filter((kind) => kind !== "prompt" && !values.includes(kind)))}
        >
          {kinds.map((kind) => (
            <ToggleGroup.Item key={kind} value={kind} className="chip-toggle">
              {KIND_LABELS[kind]} <span>{counts.get(kind)}</span>
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
      </div>
      {events.length >= queries.TIMELINE_LIMIT ? (
        <p className="notice">Only the first {format.count(queries.TIMELINE_LIMIT)} events are shown.</p>
      ) : null}
      <Lines lines={lines} openId={open?.id ?? null} onOpen={setOpen} />
      <EventDrawer sessionId={sessionId} entry={open} onClose={() => setOpen(null)} />
    </section>
  );
}

/** Only what is in sight is in the document; the window scrolls. */
function Lines({ lines, openId, onOpen }: { lines: Line[]; openId: string | null; onOpen: (id: string) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (list.current) setTop(list.current.getBoundingClientRect().top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: lines.length,
    estimateSize: (index) => (lines[index]?.type === "group" ? 86 : 37),
    getItemKey: (index) => keyOf(lines[index], index),
    scrollMargin: top,
    overscan: 15,
  });
  return (
    <div className="panel flush" ref={list}>
      <div style={{ height: virtualizer.getTotalSize(), position: "relative" }}>
        {virtualizer.getVirtualItems().map((item) => {
          const line = lines[item.index];
          if (!line) return null;
          return (
            <div
              key={item.key}
              data-index={item.index}
              ref={virtualizer.measureElement}
              className="line"
              style={{ transform: `translateY(${item.start - top}px)` }}
            >
              {line.type === "group" ? (
                <GroupHead group={line.group} number={line.number} onOpen={onOpen} />
              ) : (
                <EntryRow entry={line.entry} group={line.group} open={line.entry.id === openId} onOpen={onOpen} />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function keyOf(line: Line | undefined, index: number): string | number {
  if (!line) return index;
  return line.type === "group" ? `group ${line.group.promptId}` : line.entry.id;
}

function linesOf(groups: Group[], hidden: Kind[]): Line[] {
  let number = 0;
  return groups.flatMap((group): Line[] => {
    const entries = group.entries.filter((entry) => !hidden.includes(entry.kind));
    if (group.promptId === null && entries.length === 0) return [];
    if (group.promptId !== null) number += 1;
    return [{ type: "group", group, number }, ...entries.map((entry): Line => ({ type: "entry", group, entry }))];
  });
}

function countKinds(groups: Group[]): Map<Kind, number> {
  const counts = new Map<Kind, number>();
  for (const { entries } of groups) {
    for (const { kind } of entries) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function findEntry(groups: Group[], id: string | null): Entry | null {
  if (id === null) return null;
  for (const group of groups) {
    if (group.prompt?.id === id) return group.prompt;
    const entry = group.entries.find((candidate) => candidate.id === id);
    if (entry) return entry;
  }
  return null;
}
