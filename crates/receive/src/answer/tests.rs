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

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[test]
fn status_in_both_encodings() {
    for message in [String::new(), "body: cut off".to_owned(), "long ".repeat(100)] {
        let body = status(ContentType::Protobuf, code::INVALID_ARGUMENT, &message, None);
        let expected = RpcStatus { code: 3, message: message.clone(), details: Vec::new() };
        assert_eq!(RpcStatus::decode(&*body).unwrap(), expected);
        let body = status(ContentType::Json, code::UNAVAILABLE, &message, None);
        assert_eq!(json(&body), serde_json::json!({"code": 14, "message": message}));
    }
}

#[test]
fn what_may_be_sent_again_says_when() {
    for seconds in [0, 2, 300] {
        let pause = Some(Duration::from_secs(seconds));
        let body = status(ContentType::Protobuf, code::UNAVAILABLE, "full", pause);
        let read = RpcStatus::decode(&*body).unwrap();
        assert_eq!((read.code, read.message.as_str(), read.details.len()), (14, "full", 1));
        assert_eq!(read.details[0].type_url, "type.googleapis.com/google.rpc.RetryInfo");
        let delay = RetryInfo::decode(&*read.details[0].value).unwrap().retry_delay.unwrap();
        assert_eq!((delay.seconds.cast_unsigned(), delay.nanos), (seconds, 0));
        let details = serde_json::json!([
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s")}
        ]);
        let expected = serde_json::json!({"code": 14, "message": "full", "details": details});
        assert_eq!(json(&status(ContentType::Json, code::UNAVAILABLE, "full", pause)), expected);
    }
}
