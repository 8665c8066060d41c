import { ChevronRight, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import * as queries from "../deployment-queries";
import * as format from "../format";
import type { Range } from "../range";
import { useSql } from "../use-sql";
import { Columns } from "./columns";
import { Empty, Rows } from "./states";

interface Props {
  deploymentId: string;
  range: Range;
  groupId: string;
}

/** One group of errors: what they share, and its latest occurrences with their stacks. */
export function ErrorDrawer({
  groupId,
  onClose,
  ...props
}: Omit<Props, "groupId"> & { groupId: string | null; onClose: () => void }) {
  return (
    <Dialog.Root open={groupId !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="drawer" aria-describedby={undefined}>
          {groupId ? <Group key={groupId} groupId={groupId} {...props} /> : null}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Group(props: Props) {
  const { deploymentId, range, groupId } = props;
  const answer = useSql(queries.errorGroup(range, deploymentId, groupId), { keep: false });
  const [group] = answer.data ?? [];
  return (
    <>
      <header>
        <Dialog.Title>{group?.class_name ?? "Error"}</Dialog.Title>
        <Dialog.Close className="button quiet icon" aria-label="Close">
          <X size={16} aria-hidden />
        </Dialog.Close>
      </header>
      <div className="drawer-body tab-content">
        <Rows answer={answer}>
          {([group]) =>
            group ? (
              <>
                <Shared group={group} />
                <Occurrences group={group} {...props} />
              </>
            ) : (
              <Empty>This error did not happen in the period that is shown.</Empty>
            )
          }
        </Rows>
      </div>
    </>
  );
}

/** What makes the group one. */
function Shared({ group }: { group: queries.ErrorGroup }) {
  const facts: [string, string | null][] = [
    ["Mod component", group.label],
    ["Step", group.step_label],
    ["Version", group.version],
    ["Client", group.client_version],
    ["Request", group.request_url],
    ["First seen", format.timeInFull(group.first_at)],
    ["Last seen", format.timeInFull(group.last_at)],
    ["People", format.count(group.people)],
    ["To be mended by", author(group.is_application_error)],
  ];
  return (
    <>
      <p className="message">{group.message}</p>
      <dl className="columns plain">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </>
  );
}

function author(isApplicationError: boolean | null): string | null {
  if (isApplicationError === null) return null;
  return isApplicationError ? "the platform" : "the author of the mod";
}

function Occurrences({ group, deploymentId, range, groupId }: Props & { group: queries.ErrorGroup }) {
  const answer = useSql(queries.occurrences(range, deploymentId, groupId), { keep: false });
  return (
    <section aria-label="Occurrences">
      <h3>
        Occurrences{" "}
        <small>
          {format.count(group.occurrences)}
          {group.occurrences > queries.OCCURRENCE_LIMIT ? `, the latest ${queries.OCCURRENCE_LIMIT} here` : ""}
        </small>
      </h3>
      <Rows answer={answer}>
        {(rows) =>
          rows.map((row, index) => (
            <Occurrence key={row.error_id} occurrence={row} deploymentId={deploymentId} first={index === 0} />
          ))
        }
      </Rows>
    </section>
  );
}

/** A line that opens; what is within is asked for only then. */
function Occurrence(props: { occurrence: queries.Occurrence; deploymentId: string; first: boolean }) {
  const { occurrence, deploymentId, first } = props;
  const [open, setOpen] = useState(first);
  return (
    <details className="occurrence" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <ChevronRight size={14} aria-hidden />
        <span>{format.timeInFull(occurrence.event_time)}</span>
        <span className="muted">{format.person(occurrence.person)}</span>
      </summary>
      {open ? <Everything deploymentId={deploymentId} errorId={occurrence.error_id} /> : null}
    </details>
  );
}

function Everything({ deploymentId, errorId }: { deploymentId: string; errorId: string }) {
  const answer = useSql(queries.fullError(deploymentId, errorId), { keep: false });
  return (
    <Rows answer={answer}>
      {([row]) =>
        row ? (
          <>
            <h3>Stack</h3>
            <pre>{typeof row.stack === "string" ? row.stack : "none"}</pre>
            <Columns row={{ ...row, stack: null }} apart={{ error_data: "Error data", attributes: "Attributes" }} />
          </>
        ) : (
          <Empty>This error is no longer kept.</Empty>
        )
      }
    </Rows>
  );
}
