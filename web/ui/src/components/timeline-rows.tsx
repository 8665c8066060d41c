import {
  Bot,
  Check,
  CircleDashed,
  Cpu,
  Flag,
  type LucideIcon,
  MessageSquare,
  MessageSquareQuote,
  Sparkles,
  Terminal,
  Webhook,
  X,
} from "lucide-react";
import * as format from "../format";
import type { Signal } from "../queries";
import type { Entry, Group, Kind } from "../timeline";

export const KIND_LABELS: Record<Kind, string> = {
  prompt: "Prompts",
  model: "Model requests",
  response: "Answers",
  tool: "Tools",
  skill: "Skills",
  agent: "Sub-agents",
  session: "Session",
  hook: "Other hooks",
  background: "Background",
};

const ICONS: Record<Kind, LucideIcon> = {
  prompt: MessageSquare,
  model: Cpu,
  response: MessageSquareQuote,
  tool: Terminal,
  skill: Sparkles,
  agent: Bot,
  session: Flag,
  hook: Webhook,
  background: CircleDashed,
};

export const SIGNAL_NAMES: Record<Signal, string> = { logs: "log", traces: "span", hooks: "hook", history: "history" };

/** The prompt and what it led to, summed up. */
export function GroupHead({ group, number, onOpen }: { group: Group; number: number; onOpen: (id: string) => void }) {
  const { prompt, entries } = group;
  const cost = entries.reduce((sum, entry) => sum + (entry.costUsd ?? 0), 0);
  const failures = entries.filter((entry) => entry.ok === false).length;
  const tools = entries.filter((entry) => entry.kind === "tool").length;
  const title = group.promptId === null ? "Before the first prompt" : `Prompt ${number}`;
  return (
    <div className="group-head">
      <div className="group-line">
        <h3>{title}</h3>
        <span className="muted">{format.timeOfDay(group.start)}</span>
        <span className="group-sums">
          <span>{format.duration(group.end - group.start)}</span>
          {tools > 0 ? (
            <span>
              {format.count(tools)} {tools === 1 ? "tool" : "tools"}
            </span>
          ) : null}
          {failures > 0 ? <span className="bad">{format.count(failures)} failed</span> : null}
          {cost > 0 ? <span>{format.usd(cost)}</span> : null}
        </span>
      </div>
      {prompt ? (
        <button type="button" className="prompt" onClick={() => onOpen(prompt.id)}>
          {prompt.promptText ? (
            <span className="prompt-text">{prompt.promptText}</span>
          ) : (
            <span className="muted">
              Prompt not captured
              {prompt.promptLength === null ? "" : ` (${format.count(prompt.promptLength)} characters)`}
            </span>
          )}
          <Signals signals={prompt.signals} />
        </button>
      ) : null}
    </div>
  );
}

export function EntryRow({
  entry,
  group,
  open,
  onOpen,
}: {
  entry: Entry;
  group: Group;
  open: boolean;
  onOpen: (id: string) => void;
}) {
  const Icon = ICONS[entry.kind];
  return (
    <button
      type="button"
      className={`entry kind-${entry.kind} ${entry.ok === false ? "is-bad" : ""}`}
      aria-current={open || undefined}
      onClick={() => onOpen(entry.id)}
      data-kind={entry.kind}
    >
      <span className="entry-time">+{format.duration(entry.start - group.start)}</span>
      <span className="entry-icon">
        <Icon size={14} aria-hidden />
      </span>
      <span className="entry-main">
        <span className="entry-title">{entry.title}</span>
        <Outcome entry={entry} />
        <Detail entry={entry} />
      </span>
      <Signals signals={entry.signals} />
      <span className="entry-figures">
        <Figures entry={entry} />
      </span>
      <span className="entry-duration">{entry.durationMs === null ? "" : format.duration(entry.durationMs)}</span>
      <Waterfall entry={entry} group={group} />
    </button>
  );
}

function Outcome({ entry }: { entry: Entry }) {
  if (entry.decision === "reject") return <span className="badge bad">rejected</span>;
  if (entry.ok === false) {
    return (
      <span className="badge bad">
        <X size={11} aria-hidden /> failed
      </span>
    );
  }
  if (entry.ok === true) return <Check size={13} className="good" aria-label="succeeded" />;
  return null;
}

function Detail({ entry }: { entry: Entry }) {
  const told = [
    entry.command ? <code key="command">{entry.command}</code> : null,
    entry.error ? (
      <span key="error" className="bad">
        {entry.error}
      </span>
    ) : null,
    entry.decision && entry.decisionSource && entry.decisionSource !== "config" ? (
      <span key="decision">
        {entry.decision}ed by {entry.decisionSource.replaceAll("_", " ")}
      </span>
    ) : null,
    entry.agentType ? <span key="agent">{entry.agentType}</span> : null,
    entry.output ? <span key="output">{entry.output}</span> : null,
  ];
  return <span className="entry-detail">{told}</span>;
}

function Figures({ entry }: { entry: Entry }) {
  if (entry.inputTokens === null && entry.outputTokens === null && entry.costUsd === null) return null;
  return (
    <>
      <span title="tokens in, with cache / tokens out">
        {format.compact(entry.inputTokens)} / {format.compact(entry.outputTokens)}
      </span>
      <span>{format.usd(entry.costUsd)}</span>
    </>
  );
}

/** Which signals saw it. */
export function Signals({ signals }: { signals: Signal[] }) {
  return (
    <span className="signals">
      {signals.map((signal) => (
        <span key={signal} className={`signal signal-${signal}`} title={`seen as ${SIGNAL_NAMES[signal]}`}>
          {SIGNAL_NAMES[signal]}
        </span>
      ))}
    </span>
  );
}

/** Where in the prompt's time it lies. */
function Waterfall({ entry, group }: { entry: Entry; group: Group }) {
  const whole = Math.max(group.end - group.start, 1);
  const left = ((entry.start - group.start) / whole) * 100;
  const width = ((entry.end - entry.start) / whole) * 100;
  return (
    <span className="waterfall" aria-hidden>
      <i style={{ left: `${Math.min(left, 99)}%`, width: `max(3px, ${Math.min(width, 100 - left)}%)` }} />
    </span>
  );
}
