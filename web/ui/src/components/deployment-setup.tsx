import { CopyBlock } from "./setup";

/** An event as a mod sends it, with what makes it one of a deployment. */
export function exampleEvent(origin: string): string {
  return `export MODLAKE_KEY="…"   # a key with scope ingest
curl -X POST ${origin}/api/events/ \\
  -H "Authorization: Token $MODLAKE_KEY" -H "Content-Type: application/json" \\
  -d '{"events": [{"uid": "5f2c7a1e-0000-4000-8000-000000000001", "event": "TriggerRun",
       "data": {"deploymentId": "refunds-production", "modId": "@acme/refunds", "modVersion": "1.0.0",
                "label": "Refund button"}}]}'
`;
}

/** Shown while no deployment ever told anything. */
export function DeploymentSetup() {
  return (
    <section className="panel setup" aria-labelledby="setup-title">
      <h2 id="setup-title">No deployment seen yet</h2>
      <p>
        Deployed mods show up here with the first event, error or heartbeat that names their deployment. Point the mod's
        telemetry at this server, or try it with one event:
      </p>
      <CopyBlock text={exampleEvent(window.location.origin)} />
      <p className="muted">
        A key that may send from pages is made with{" "}
        <code>modlaked keys create --tenant NAME --scope ingest --origin https://app.example.com</code>.
      </p>
    </section>
  );
}
