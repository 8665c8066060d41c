// Sends log records with the exporter that Claude Code itself uses: node send.mjs http|proto|grpc none|gzip URL KEY SESSION COUNT
import { Metadata } from "@grpc/grpc-js";
import { logs } from "@opentelemetry/api-logs";
import { OTLPLogExporter as GrpcExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";

const [encoding, compression, url, key, session, count] = process.argv.slice(2);
const Exporter = { http: JsonExporter, proto: ProtobufExporter, grpc: GrpcExporter }[encoding];
const headers = { Authorization: `Bearer ${key}` };
const named = encoding === "grpc" ? { metadata: Metadata.fromHttp2Headers(headers) } : { headers };
const exporter = new Exporter({ url, ...named, compression });

const failures = [];
const send = exporter.export.bind(exporter);
exporter.export = (records, done) =>
  send(records, (result) => {
    if (result.code !== 0) failures.push(String(result.error));
    done(result);
  });

const provider = new LoggerProvider({
  resource: resourceFromAttributes({ "service.name": "claude-code" }),
  processors: [new BatchLogRecordProcessor(exporter, { maxQueueSize: 4096, maxExportBatchSize: 100 })],
});
logs.setGlobalLoggerProvider(provider);
const logger = logs.getLogger("com.anthropic.claude_code.events", "2.1.329");
for (let sequence = 0; sequence < Number(count); sequence++) {
  logger.emit({
    body: "claude_code.api_request",
    attributes: {
      "session.id": session,
      "event.name": "api_request",
      "event.timestamp": new Date().toISOString(),
      "event.sequence": sequence,
      input_tokens: 7,
      cost_usd: 0.5,
    },
  });
}
await provider.shutdown();
process.stdout.write(`${JSON.stringify({ failures })}\n`);
