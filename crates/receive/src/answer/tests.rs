use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::*;

fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn success_leaves_partial_success_unset() {
    assert_eq!(ExportLogsServiceResponse::decode(&*success(ContentType::Protobuf)).unwrap().partial_success, None);
    assert_eq!(json(&success(ContentType::Json)), serde_json::json!({}));
}

#[test]
fn partial_success_in_protobuf() {
    let body = |signal| partial_success(signal, ContentType::Protobuf, 300, "why \"not\"");
    let logs = ExportLogsServiceResponse::decode(&*body(Signal::Logs)).unwrap().partial_success.unwrap();
    assert_eq!((logs.rejected_log_records, logs.error_message.as_str()), (300, "why \"not\""));
    let spans = ExportTraceServiceResponse::decode(&*body(Signal::Traces)).unwrap().partial_success.unwrap();
    assert_eq!((spans.rejected_spans, spans.error_message.as_str()), (300, "why \"not\""));
    let points = ExportMetricsServiceResponse::decode(&*body(Signal::Metrics)).unwrap().partial_success.unwrap();
    assert_eq!((points.rejected_data_points, points.error_message.as_str()), (300, "why \"not\""));
    // a warning
    let warning = partial_success(Signal::Logs, ContentType::Protobuf, 0, "old client");
    let warning = ExportLogsServiceResponse::decode(&*warning).unwrap().partial_success.unwrap();
    assert_eq!((warning.rejected_log_records, warning.error_message.as_str()), (0, "old client"));
}

#[test]
fn partial_success_in_json() {
    for (signal, key) in [
        (Signal::Logs, "rejectedLogRecords"),
        (Signal::Traces, "rejectedSpans"),
        (Signal::Metrics, "rejectedDataPoints"),
    ] {
        let body = json(&partial_success(signal, ContentType::Json, 3, "why \"not\""));
        assert_eq!(body, serde_json::json!({"partialSuccess": {key: "3", "errorMessage": "why \"not\""}}));
    }
}

/// `google.rpc.Status`, without its details.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

#[test]
fn status_in_both_encodings() {
    for message in [String::new(), "body: cut off".to_owned(), "long ".repeat(100)] {
        let body = status(ContentType::Protobuf, code::INVALID_ARGUMENT, &message);
        assert_eq!(RpcStatus::decode(&*body).unwrap(), RpcStatus { code: 3, message: message.clone() });
        let body = status(ContentType::Json, code::UNAVAILABLE, &message);
        assert_eq!(json(&body), serde_json::json!({"code": 14, "message": message}));
    }
}
