import { Check, Copy } from "lucide-react";
import { useState } from "react";

/** What to export before `claude` so that its telemetry comes here. */
export function environmentBlock(origin: string): string {
  return `export MODLAKE_KEY="…"   # a key with scope ingest
export CLAUDE_CODE_ENABLE_TELEMETRY=1
export CLAUDE_CODE_ENHANCED_TELEMETRY_BETA=1   # spans
export OTEL_LOGS_EXPORTER=otlp
export OTEL_METRICS_EXPORTER=otlp
export OTEL_TRACES_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}/v1/otel/claude
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $MODLAKE_KEY"
export OTEL_RESOURCE_ATTRIBUTES="user.email=you@example.com,repo=owner/name"
# export OTEL_LOG_USER_PROMPTS=1   # only if the text of prompts may be kept
`;
}

/** Shown while the lake is empty. */
export function Setup() {
  const block = environmentBlock(window.location.origin);
  return (
    <section className="panel setup" aria-labelledby="setup-title">
      <h2 id="setup-title">Nothing received yet</h2>
      <p>
        Run this in the shell that starts Claude Code, then give it a prompt. What it did shows up here a few seconds
        later.
      </p>
      <CopyBlock text={block} />
      <p className="muted">
        A key that may send is made with <code>modlaked keys create --tenant NAME --scope ingest</code>. The same
        variables can stand under <code>env</code> in <code>~/.claude/settings.json</code>.
      </p>
    </section>
  );
}

export function CopyBlock({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div className="copy-block">
      <pre>{text}</pre>
      {/* Browsers offer the clipboard on https and localhost only. */}
      {"clipboard" in navigator ? (
        <button type="button" className="button" onClick={() => void copy()}>
          {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          {copied ? "Copied" : "Copy"}
        </button>
      ) : null}
    </div>
  );
}
