//! `modlake doctor`: every step from this machine to a stored row, in the order in which they depend on each other, then the
//! laptop's own: the spool of `modlake hook`, each agent that is found here, and, where `mod` is used, the way of its trace
//! files.
//!
//! The test event is one log record named `modlake_doctor` in a session of its own, sent as Claude Code sends its own.

mod event;
mod laptop;
mod report;
mod traces;

use std::thread;
use std::time::{Duration, Instant};

use record::caller::Scope;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::DoctorArgs;
use crate::client::Client;
use crate::config::{Environment, KEY_HINT, Origin, Settings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::print::Printer;
use report::{Finding, Report, Step};

const TIMEOUT: Duration = Duration::from_secs(10);
const POLL_EVERY: Duration = Duration::from_millis(50);
/// More than any answer that doctor asks for.
const LIMIT: u64 = 1 << 20;

pub(crate) fn run(
    args: &DoctorArgs,
    server: Option<&str>,
    environment: &Environment,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let mut report = Report::new(if args.json { None } else { Some(printer) });
    examine(&mut report, server, environment, Duration::from_secs(args.wait.into()));
    laptop::examine(&mut report, server, environment);
    traces::examine(&mut report, server, environment);
    report.finish()
}

fn examine(report: &mut Report<'_>, server: Option<&str>, environment: &Environment, wait: Duration) {
    let settings = match Settings::load(server, environment) {
        Ok(settings) => settings,
        Err(error) => {
            report.add(Step::Config, error.into());
            return report.skip_rest("the configuration has to be right first");
        }
    };
    if settings.server_from == Origin::Default && settings.key.is_none() && traces::go_elsewhere(environment) {
        return report
            .skip_rest("no server is set up here (`modlake init` does it); trace files go where BI_ENDPOINT says");
    }
    report.server = Some(settings.server.clone());
    report.add(Step::Config, config(&settings));

    let client = Client::with_timeout(&settings, TIMEOUT);
    if !report.add(Step::Server, reaches(&client, "/healthz")) {
        return report.skip_rest("the server has to be reachable first");
    }
    report.add(Step::Ready, reaches(&client, "/readyz"));
    if settings.key.is_none() {
        return report.skip_rest("there is no key");
    }
    let me = match me(&client) {
        Ok(me) => me,
        Err(error) => {
            report.add(Step::Key, error.into());
            return report.skip_rest("the key has to work first");
        }
    };
    report.add(Step::Key, Finding::ok(format!("tenant {}, scopes {}", me.tenant, me.scopes.join(","))));
    if !me.may(Scope::Ingest) {
        return report.skip_rest("this key has no scope `ingest`, which sending an event needs");
    }
    let session = event::session_id();
    let sent = Instant::now();
    if !report.add(Step::Send, send(&client, &session)) {
        return report.skip_rest("the event has to be accepted first");
    }
    if !me.may(Scope::Read) {
        return report.skip_rest("this key has no scope `read`, which asking for the event needs");
    }
    report.add(Step::Query, arrives(&client, &session, sent, wait));
}

fn config(settings: &Settings) -> Finding {
    let path = settings.path.display();
    let file = if settings.file_exists { format!("{path}") } else { format!("no file {path}") };
    let server = format!("{file}; server {} from {}", settings.server, settings.server_from);
    match &settings.key {
        None => Finding::failed(format!("{server}; no key"), Some(KEY_HINT.to_owned())),
        Some((_, from)) => {
            let found = Finding::ok(format!("{server}, key from {from}"));
            if settings.file_is_open {
                found.hint(format!("other users can read the key: chmod 600 {path}"))
            } else {
                found
            }
        }
    }
}

fn reaches(client: &Client, path: &str) -> Finding {
    let start = Instant::now();
    match client.get(path) {
        Ok(_) => Finding::ok(format!("{path} answers")).took(start.elapsed()),
        Err(error) => error.into(),
    }
}

/// `GET /api/v1/me`.
#[derive(Deserialize)]
pub(crate) struct Me {
    pub(crate) tenant: String,
    scopes: Vec<String>,
}

impl Me {
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|name| name == scope.as_str())
    }
}

pub(crate) fn me(client: &Client) -> Result<Me, CliError> {
    client.get("/api/v1/me")?.json(LIMIT)
}

fn send(client: &Client, session: &str) -> Finding {
    let start = Instant::now();
    let answer = client
        .post("/v1/otel/claude/logs", "application/json", &event::export_request(session))
        .and_then(|answer| answer.json::<Value>(LIMIT));
    match answer {
        Ok(answer) => match event::rejection(&answer) {
            None => Finding::ok("a test event was accepted".to_owned()).took(start.elapsed()),
            Some(reason) => Finding::failed(format!("the test event was rejected: {reason}"), None),
        },
        Err(error) => error.into(),
    }
}

/// Asks until the event is there or `wait` has passed since it was `sent`.
fn arrives(client: &Client, session: &str, sent: Instant, wait: Duration) -> Finding {
    let body =
        json!({"query": "select count(*) as n from coding_agent_events where session_id = $1", "params": [session]});
    loop {
        let answer =
            client.post("/api/v1/sql", "application/json", &body).and_then(|answer| answer.json::<Value>(LIMIT));
        match answer {
            Ok(answer) => match answer.pointer("/rows/0/n").and_then(Value::as_u64) {
                Some(0) => {}
                Some(_) => return Finding::ok("the test event is in SQL".to_owned()).took(sent.elapsed()),
                None => return Finding::failed("the answer to a count has no number `n`".to_owned(), None),
            },
            Err(error) => return error.into(),
        }
        if sent.elapsed() >= wait {
            let hint = "the event is stored but not normalized yet: see /readyz and the server's log";
            let message = format!("the test event is not in SQL after {} s", wait.as_secs());
            return Finding::failed(message, Some(hint.to_owned()));
        }
        thread::sleep(POLL_EVERY);
    }
}
