import { ChevronLeft } from "lucide-react";
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { Link, useLocation, useParams, useSearchParams } from "react-router";
import { RangePicker, useRange } from "../components/range-picker";
import { Empty, Rows } from "../components/states";
import * as queries from "../deployment-queries";
import * as format from "../format";
import type { Range } from "../range";
import { useSetParams } from "../url";
import { useSql } from "../use-sql";
import { Engagement } from "./deployment/engagement";
import { Errors } from "./deployment/errors";

const TABS = ["engagement", "errors"] as const;
type Tab = (typeof TABS)[number];

export default function DeploymentPage() {
  const { deploymentId = "" } = useParams();
  const range = useRange();
  const head = useSql(queries.deploymentHead(deploymentId), { keep: false });
  return (
    <div className="page">
      <title>Deployment · modlake</title>
      <div className="page-head">
        <Back />
        <RangePicker range={range} />
      </div>
      <Rows answer={head}>
        {([deployment]) =>
          deployment ? (
            <Deployment deploymentId={deploymentId} deployment={deployment} range={range} />
          ) : (
            <Empty>
              <h1>No such deployment</h1>
              <p>
                Nothing was received that names <code>{deploymentId}</code>, or it is no longer kept.
              </p>
            </Empty>
          )
        }
      </Rows>
    </div>
  );
}

/** To the list, in the same period. */
function Back() {
  const { search } = useLocation();
  const params = new URLSearchParams(search);
  for (const name of ["tab", "group"]) params.delete(name);
  return (
    <Link className="back" to={{ pathname: "/deployments", search: params.toString() }}>
      <ChevronLeft size={14} aria-hidden /> Deployments
    </Link>
  );
}

function Deployment(props: { deploymentId: string; deployment: queries.DeploymentHead; range: Range }) {
  const { deploymentId, deployment, range } = props;
  const [params] = useSearchParams();
  const setParams = useSetParams();
  const totals = useSql(queries.deploymentTotals(range, deploymentId));
  const [now] = totals.data ?? [];
  const asked = params.get("tab");
  const tab = TABS.find((name) => name === asked) ?? "engagement";
  const open = (next: string) => setParams({ tab: next === "engagement" ? null : next, group: null });
  return (
    <>
      <Head deploymentId={deploymentId} deployment={deployment} totals={now} stale={totals.isPlaceholderData} />
      <Tabs.Root value={tab} onValueChange={open}>
        <Tabs.List className="tabs page-tabs" aria-label="Deployment">
          <Trigger tab="engagement" count={null}>
            Engagement
          </Trigger>
          <Trigger tab="errors" count={now?.errors ?? null}>
            Errors
          </Trigger>
        </Tabs.List>
        <Tabs.Content value="engagement">
          <Engagement deploymentId={deploymentId} deployment={deployment} range={range} />
        </Tabs.Content>
        <Tabs.Content value="errors">
          <Errors deploymentId={deploymentId} deployment={deployment} range={range} />
        </Tabs.Content>
      </Tabs.Root>
    </>
  );
}

function Trigger({ tab, count, children }: { tab: Tab; count: number | null; children: ReactNode }) {
  return (
    <Tabs.Trigger value={tab} className="tab">
      {children}
      {count ? <span className="badge bad">{format.compact(count)}</span> : null}
    </Tabs.Trigger>
  );
}

function Head(props: {
  deploymentId: string;
  deployment: queries.DeploymentHead;
  totals: queries.DeploymentTotals | undefined;
  stale: boolean;
}) {
  const { deploymentId, deployment, totals, stale } = props;
  const versions = format.versions(deployment.versions);
  const facts: [string, string | null][] = [
    ["Deployment", deployment.mod_id ? deploymentId : null],
    [
      versions.length > 1 ? "Versions" : "Version",
      versions.slice(0, 5).join(", ") + (versions.length > 5 ? ", …" : ""),
    ],
    ["Last seen", format.timeInFull(deployment.last_at)],
  ];
  const figures: [string, number | undefined, boolean?][] = [
    ["People", totals?.people],
    ["Events", totals?.events],
    ["Errors", totals?.errors, true],
  ];
  if (totals && totals.held_back > 0) figures.push(["Held back", totals.held_back]);
  return (
    <header className="panel session-head">
      <h1>{deployment.mod_id ?? deploymentId}</h1>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd title={value}>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
      <dl className={`figures ${stale ? "stale" : ""}`} aria-label="In the period">
        {figures.map(([name, value, bad]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={bad && value ? "bad" : undefined}>{format.count(value)}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}
