import { Check, ChevronDown, Search, X } from "lucide-react";
import { Select } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import * as format from "../../format";
import * as queries from "../../queries";
import type { Range } from "../../range";
import { useSql } from "../../use-sql";

/** No filter. */
export const ALL = "";

export function Filters(props: {
  range: Range;
  filter: queries.SessionFilter;
  setFilter: (changes: Record<string, string>) => void;
  filtered: boolean;
}) {
  const { filter, setFilter } = props;
  const facets = useSql(queries.facets(props.range)).data ?? [];
  const [text, setText] = useState(filter.text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setFilter({ q: typed.trim() }), 250);
  };
  const clear = () => {
    clearTimeout(timer.current);
    setText("");
    setFilter({ q: ALL, person: ALL, repo: ALL, agent: ALL });
  };
  const choices = (kind: queries.Facet["kind"]) => facets.filter((facet) => facet.kind === kind);
  return (
    <search className="filters">
      <label className="search">
        <Search size={14} aria-hidden />
        <input
          type="search"
          placeholder="Session, person, repository, branch, model"
          aria-label="Filter by text"
          value={text}
          onChange={(event) => type(event.target.value)}
        />
      </label>
      <Choice
        label="Person"
        all="All people"
        value={filter.person}
        choices={choices("person")}
        show={format.person}
        onChange={(person) => setFilter({ person })}
      />
      <Choice
        label="Repository"
        all="All repositories"
        value={filter.repo}
        choices={choices("repo")}
        show={(name) => name}
        onChange={(repo) => setFilter({ repo })}
      />
      <Choice
        label="Agent"
        all="All agents"
        value={filter.provider}
        choices={choices("provider")}
        show={format.agent}
        onChange={(agent) => setFilter({ agent })}
      />
      {props.filtered ? (
        <button type="button" className="button quiet" onClick={clear}>
          <X size={14} aria-hidden /> Clear
        </button>
      ) : null}
    </search>
  );
}

/** A select's own values may not be empty, so "all" has a name that no person or repository has. */
const EVERY = "\u0000all";

function Choice(props: {
  label: string;
  all: string;
  value: string;
  choices: queries.Facet[];
  show: (value: string) => string;
  onChange: (value: string) => void;
}) {
  const known = props.value === ALL || props.choices.some(({ value }) => value === props.value);
  const options = known
    ? props.choices
    : [{ kind: "repo" as const, value: props.value, sessions: 0 }, ...props.choices];
  return (
    <Select.Root value={props.value || EVERY} onValueChange={(value) => props.onChange(value === EVERY ? ALL : value)}>
      <Select.Trigger className={`button select ${props.value ? "on" : ""}`} aria-label={props.label}>
        <Select.Value>{props.value ? props.show(props.value) : props.all}</Select.Value>
        <ChevronDown size={14} aria-hidden />
      </Select.Trigger>
      <Select.Portal>
        <Select.Content className="menu" position="popper" sideOffset={6}>
          <Select.Viewport>
            <Option value={EVERY} text={props.all} />
            {options.map(({ value, sessions }) => (
              <Option key={value} value={value} text={props.show(value)} count={sessions} />
            ))}
          </Select.Viewport>
        </Select.Content>
      </Select.Portal>
    </Select.Root>
  );
}

function Option({ value, text, count }: { value: string; text: string; count?: number }) {
  return (
    <Select.Item value={value} className="menu-item">
      <span className="menu-check">
        <Select.ItemIndicator>
          <Check size={13} aria-hidden />
        </Select.ItemIndicator>
      </span>
      <Select.ItemText>{text}</Select.ItemText>
      {count !== undefined ? <span className="muted menu-count">{format.count(count)}</span> : null}
    </Select.Item>
  );
}
