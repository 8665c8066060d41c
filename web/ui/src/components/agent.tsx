import * as format from "../format";

/** Which agent it was, and its version. */
export function Agent({ provider, version }: { provider: string | null; version: string | null }) {
  return (
    <span className="agent">
      <span className={`badge agent-${provider}`}>{format.agent(provider)}</span>
      {version ? <span className="muted">{version}</span> : null}
    </span>
  );
}
