use super::*;

fn backlog(backlog: f64) -> Pressure {
    Pressure { backlog, memory: 0.0 }
}

/// Signals that are not taken from each sender.
fn shed(pressure: Pressure) -> [Vec<&'static str>; 3] {
    [Sender::Keeps, Sender::Retries, Sender::Once].map(|sender| {
        Signal::ALL.into_iter().filter(|signal| pressure.sheds(sender, *signal)).map(Signal::as_str).collect()
    })
}

#[test]
fn what_tells_least_and_comes_back_surest_goes_first() {
    const ALL: [&str; 9] = [
        "logs",
        "traces",
        "metrics",
        "hooks",
        "history",
        "cli_traces",
        "saas_traces",
        "product_events",
        "product_errors",
    ];
    let spans = ["traces", "metrics"];
    let none: [&str; 0] = [];
    assert_eq!(shed(backlog(0.0)), [none; 3].map(Vec::from));
    assert_eq!(shed(backlog(0.69)), [none; 3].map(Vec::from));
    assert_eq!(shed(backlog(0.7)), [ALL.to_vec(), spans.to_vec(), none.to_vec()]);
    assert_eq!(shed(backlog(0.79)), [ALL.to_vec(), spans.to_vec(), none.to_vec()]);
    assert_eq!(shed(backlog(0.8)), [ALL.to_vec(), spans.to_vec(), spans.to_vec()]);
    assert_eq!(shed(backlog(0.9)), [ALL.to_vec(), ALL.to_vec(), spans.to_vec()]);
}

#[test]
fn memory_is_waited_for_by_those_who_ask_once() {
    let pressure = Pressure { backlog: 0.1, memory: 1.0 };
    assert!(pressure.sheds(Sender::Retries, Signal::Logs));
    assert!(Signal::ALL.into_iter().all(|signal| !pressure.sheds(Sender::Once, signal)));
    assert!(Sender::Once.patience() > Sender::Retries.patience());
}

#[test]
fn senders_are_known_by_what_they_say_of_themselves() {
    use Transport::{Grpc, Http};
    let claude = Some(Provider::ClaudeCode);
    for (transport, provider, user_agent, expected) in [
        (Http, claude, "OTel-OTLP-Exporter-JavaScript/0.208.0", Sender::Retries),
        (Grpc, None, "OTel-OTLP-Exporter-JavaScript/0.208.0 grpc-node-js/1.14.4", Sender::Retries),
        (Http, claude, "axios/1.15.2", Sender::Once),
        (Http, Some(Provider::Codex), "OTel-OTLP-Exporter-Rust/0.31.0", Sender::Once),
        (Http, None, "OTel-OTLP-Exporter-Rust/0.31.0", Sender::Once),
        (Grpc, None, "OTel-OTLP-Exporter-Rust/0.31.0 tonic/0.14.1", Sender::Once),
        (Http, Some(Provider::Codex), "", Sender::Once),
        (Http, None, "OTel-OTLP-Exporter-Python/1.45.2", Sender::Retries),
        (Http, None, "OTel OTLP Exporter Go/1.44.0", Sender::Retries),
        (Http, None, "OpenTelemetry Collector Contrib/0.140.0 (linux/amd64)", Sender::Retries),
        (Grpc, None, "grpc-go/1.80.0", Sender::Retries),
        (Http, Some(Provider::Cursor), "modlake/0.1.0", Sender::Keeps),
        (Http, Some(Provider::Codex), "modlake/0.1.0", Sender::Keeps),
        (Http, Some(Provider::Mod), "curl/8.5.0", Sender::Keeps),
        (Http, None, "curl/8.5.0", Sender::Once),
        (Http, None, "", Sender::Once),
    ] {
        assert_eq!(Sender::of(transport, provider, user_agent), expected, "{transport:?} {provider:?} {user_agent}");
    }
}

#[test]
fn age_counts_from_the_commit_that_is_late() {
    let seconds = |count: i64| Timestamp(count * 1_000_000);
    let aged = |oldest, now| age(oldest, seconds(now), Duration::from_secs(30), Duration::from_secs(130));
    assert!(aged(None, 1_000) < 1e-9);
    assert!(aged(Some(seconds(100)), 130) < 1e-9);
    assert!((aged(Some(seconds(100)), 180) - 0.5).abs() < 1e-9);
    assert!(aged(Some(seconds(100)), 230) >= 1.0);
    assert!(aged(Some(seconds(100)), 50) < 1e-9, "a clock that went back is no age");
    let unbounded = age(Some(seconds(0)), seconds(1_000), Duration::from_secs(30), Duration::ZERO);
    assert!(unbounded < 1e-9);
}
