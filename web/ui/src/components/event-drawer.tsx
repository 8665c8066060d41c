import { X } from "lucide-react";
import { Dialog, Tabs } from "radix-ui";
import * as queries from "../queries";
import type { Entry } from "../timeline";
import { useSql } from "../use-sql";
import { Columns } from "./columns";
import { Loading, Rows } from "./states";
import { SIGNAL_NAMES } from "./timeline-rows";

/** Everything that is known of one thing on the timeline: a tab for each event that told of it. */
export function EventDrawer({
  sessionId,
  entry,
  onClose,
}: {
  sessionId: string;
  entry: Entry | null;
  onClose: () => void;
}) {
  return (
    <Dialog.Root open={entry !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="drawer" aria-describedby={undefined}>
          {entry ? (
            <>
              <header>
                <Dialog.Title>{entry.title}</Dialog.Title>
                <Dialog.Close className="button quiet icon" aria-label="Close">
                  <X size={16} aria-hidden />
                </Dialog.Close>
              </header>
              <Events key={entry.id} sessionId={sessionId} entry={entry} />
            </>
          ) : null}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Events({ sessionId, entry }: { sessionId: string; entry: Entry }) {
  const ids = entry.events.map((event) => event.event_id);
  const answer = useSql(queries.fullEvents(sessionId, ids), { keep: false });
  return (
    <Tabs.Root defaultValue={entry.mainId} className="drawer-body">
      <Tabs.List className="tabs" aria-label="Events">
        {entry.events.map((event) => (
          <Tabs.Trigger key={event.event_id} value={event.event_id} className="tab">
            {event.event_name}
            <span className={`signal signal-${event.signal}`}>{SIGNAL_NAMES[event.signal]}</span>
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {entry.events.map((event) => (
        <Tabs.Content key={event.event_id} value={event.event_id} className="tab-content">
          <Rows answer={answer}>
            {(rows) => {
              const row = rows.find((candidate) => candidate.event_id === event.event_id);
              return row ? <Columns row={row} apart={{ attributes: "Attributes" }} /> : <Loading />;
            }}
          </Rows>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
