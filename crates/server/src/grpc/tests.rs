//! The door without a network: a request's bytes in, an answer's headers and trailers out.

use axum::http::Method;
use catalog::NewKey;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use journal::disk::{Fault as DiskFault, FaultyDisk};
use record::caller::{Scope, Scopes, Tenant};

use super::*;
use crate::config::Config;
use crate::flow::tests::{open, open_with};

/// What a client sees of an answer.
#[derive(Debug)]
struct Answer {
    code: Code,
    message: String,
    details: Vec<u8>,
    headers: HeaderMap,
    body: Bytes,
}

struct Client {
    door: TowerToHyperService<Router>,
    key: String,
}

impl Client {
    async fn new(house: &Arc<House>, scopes: Scopes) -> Self {
        let tenant = Tenant::new("acme").expect("valid");
        let new = NewKey { tenant, scopes, name: None, origins: Vec::new() };
        let key = house.catalog.create_key(new).await.expect("a key").key.reveal().to_owned();
        Self { door: TowerToHyperService::new(router(house)), key }
    }

    async fn send(&self, method: &str, body: Vec<u8>, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = Request::builder().method(Method::POST).uri(method);
        let known = [("content-type", "application/grpc"), ("x-api-key", self.key.as_str())];
        for (name, value) in known.iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name)) {
            request = request.header(*name, *value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.door.call(request.body(Body::from(body)).expect("a request")).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "gRPC tells faults in its own headers");
        let (parts, body) = answer.into_parts();
        let collected = body.collect().await.expect("a body");
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let told = if trailers.is_empty() { &parts.headers } else { &trailers };
        let status = Status::from_header_map(told).expect("a status");
        let (code, message, details) = (status.code(), status.message().to_owned(), status.details().to_vec());
        Answer { code, message, details, headers: parts.headers, body: collected.to_bytes() }
    }
}

fn empty_request() -> Vec<u8> {
    frame::of_message(b"")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_answered_with_an_empty_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = open(folder.path(), &FaultyDisk::default()).await;
    let client = Client::new(&house, Scopes::ALL).await;
    for (waiting, method) in (1..).zip([LOGS, TRACES, METRICS]) {
        let answer = client.send(method, empty_request(), &[]).await;
        assert_eq!((answer.code, &*answer.body), (Code::Ok, &[0; 5][..]), "{method}");
        assert_eq!(house.journal.status().waiting_records, waiting);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_has_its_code_and_leaves_its_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::default();
    config.intake.max_body_bytes = 1_000;
    let house = open_with(folder.path(), &FaultyDisk::default(), config).await;
    let client = Client::new(&house, Scopes::ALL).await;
    let reader = Client::new(&house, Scopes::default().with(Scope::Read)).await;
    let message = |flag: u8, length: usize| {
        let mut body = frame::of_message(&vec![b'x'; length]);
        body[0] = flag;
        body
    };
    let gzip = ("grpc-encoding", "gzip");
    let snappy = ("grpc-encoding", "snappy");
    let no_key = ("x-api-key", "");
    for (client, method, body, header, expected, words, rows) in [
        (&client, LOGS, message(0, 3), None, Code::InvalidArgument, "protobuf", 1),
        (&client, LOGS, Vec::new(), None, Code::InvalidArgument, "no message", 1),
        (&client, LOGS, [empty_request(), empty_request()].concat(), None, Code::InvalidArgument, "more than one", 1),
        (&client, LOGS, message(1, 3), None, Code::Internal, "grpc-encoding", 1),
        (&client, LOGS, message(1, 3), Some(gzip), Code::InvalidArgument, "gzip", 1),
        (&client, LOGS, message(1, 3), Some(snappy), Code::Unimplemented, "encoding", 1),
        (&client, LOGS, message(0, 1_001), None, Code::ResourceExhausted, "1005 bytes", 1),
        (&client, LOGS, empty_request(), Some(no_key), Code::Unauthenticated, "key", 0),
        (&reader, LOGS, empty_request(), None, Code::PermissionDenied, "ingest", 1),
        (&client, "/some.Service/Export", empty_request(), None, Code::Unimplemented, "/some.Service/Export", 0),
    ] {
        let before = house.journal.status().waiting_records;
        let headers: Vec<_> = header.into_iter().collect();
        let answer = client.send(method, body, &headers).await;
        assert_eq!(answer.code, expected, "{answer:?}");
        assert!(answer.message.contains(words), "{answer:?}");
        assert!(answer.details.is_empty(), "none of these is to be sent again: {answer:?}");
        assert_eq!(house.journal.status().waiting_records - before, rows, "{answer:?}");
        assert_eq!(answer.headers.contains_key(GRPC_ACCEPT_ENCODING), words == "encoding", "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_now_is_to_be_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    let client = Client::new(&house, Scopes::ALL).await;
    disk.fail(DiskFault::Sync, 0, u32::MAX);
    let answer = client.send(LOGS, empty_request(), &[]).await;
    assert_eq!(answer.code, Code::Unavailable);
    let pause = Fault::new(StatusCode::SERVICE_UNAVAILABLE, "").retry_after();
    assert_eq!(answer.details, answer::status(ContentType::Protobuf, 14, &answer.message, pause));
    let metrics = house.metrics.render(&house);
    let shed = r#"modlake_shed_requests_total{provider="unknown",sender="retries",signal="logs",transport="grpc"} 1"#;
    assert!(metrics.contains(shed), "{metrics}");
    let counted = format!(r#"modlake_requests_total{{route="{LOGS}",status="503",transport="grpc"}} 1"#);
    assert!(metrics.contains(&counted), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn near_the_limit_those_who_come_again_are_sent_away_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::default();
    config.journal.max_bytes = 1 << 20;
    let house = open_with(folder.path(), &FaultyDisk::default(), config).await;
    let client = Client::new(&house, Scopes::ALL).await;
    let javascript = ("user-agent", "OTel-OTLP-Exporter-JavaScript/0.208.0 grpc-node-js/1.14.4");
    let rust = ("user-agent", "OTel-OTLP-Exporter-Rust/0.31.0 tonic/0.14.1");
    let taken = async |method: &str, sender| client.send(method, empty_request(), &[sender]).await.code == Code::Ok;
    let fill = |share: u64| {
        let status = house.journal.status();
        let missing = (status.max_bytes * share / 100).saturating_sub(status.disk_bytes);
        house.journal.append_blocking(vec![0; usize::try_from(missing).expect("small")]).expect("kept");
    };
    fill(40);
    assert!(taken(TRACES, javascript).await && taken(TRACES, rust).await);
    fill(72);
    assert!(!taken(TRACES, javascript).await && !taken(METRICS, javascript).await);
    assert!(taken(LOGS, javascript).await && taken(TRACES, rust).await && taken(LOGS, rust).await);
    fill(82);
    assert!(taken(LOGS, javascript).await && !taken(TRACES, rust).await && taken(LOGS, rust).await);
    fill(92);
    assert!(!taken(LOGS, javascript).await && !taken(METRICS, rust).await && taken(LOGS, rust).await);
    let pressure = crate::pressure::Pressure::of(&house);
    assert!((0.9..1.0).contains(&pressure.most()), "{pressure:?}");
}
