//! What doctor found, told as it goes or as JSON at the end:
//! `{"ok":bool,"server":URL|null,"steps":[{"step","status":"ok|failed|skipped","detail","hint":text|null,"ms":number|null}]}`.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::print::{self, Printer, Tone};

/// The steps in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    Config,
    Server,
    Ready,
    Key,
    Send,
    Query,
    /// What hooks left to be sent.
    Spool,
    /// Each agent found on this machine.
    Claude,
    Codex,
    Cursor,
    /// The `mod` command, where there is one.
    Mod,
    /// What says where its trace files go.
    Traces,
    /// Whether that place takes them.
    Upload,
    /// Trace files that wait.
    Queue,
}

impl Step {
    /// Those that depend on each other; all reports have them.
    const CHAIN: [Self; 6] = [Self::Config, Self::Server, Self::Ready, Self::Key, Self::Send, Self::Query];

    fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Server => "server",
            Self::Ready => "ready",
            Self::Key => "key",
            Self::Send => "send",
            Self::Query => "query",
            Self::Spool => "spool",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Mod => "mod",
            Self::Traces => "traces",
            Self::Upload => "upload",
            Self::Queue => "queue",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Failed,
    Skipped,
}

/// The outcome of one step.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    status: Status,
    detail: String,
    hint: Option<String>,
    ms: Option<f64>,
}

impl Finding {
    pub(super) fn ok(detail: String) -> Self {
        Self { status: Status::Ok, detail, hint: None, ms: None }
    }

    pub(super) fn failed(detail: String, hint: Option<String>) -> Self {
        Self { status: Status::Failed, detail, hint, ms: None }
    }

    pub(super) fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(super) fn took(self, time: Duration) -> Self {
        let tenths = (time.as_secs_f64() * 10_000.0).round();
        Self { ms: Some(tenths / 10.0), ..self }
    }
}

impl From<CliError> for Finding {
    fn from(error: CliError) -> Self {
        Self::failed(error.message, error.hint)
    }
}

pub(super) struct Report<'a> {
    pub(super) server: Option<String>,
    /// Who is told each step when it is done; `None` when JSON is wanted.
    told: Option<&'a Printer>,
    steps: Vec<(Step, Finding)>,
}

impl<'a> Report<'a> {
    pub(super) fn new(told: Option<&'a Printer>) -> Self {
        Self { server: None, told, steps: Vec::new() }
    }

    /// Adds a step; tells whether it is well.
    pub(super) fn add(&mut self, step: Step, finding: Finding) -> bool {
        if let Some(printer) = self.told {
            tell(printer, step, &finding);
        }
        let well = finding.status != Status::Failed;
        self.steps.push((step, finding));
        well
    }

    /// All steps of the chain not done yet are skipped for this reason.
    pub(super) fn skip_rest(&mut self, reason: &str) {
        for step in Step::CHAIN {
            if self.steps.iter().all(|(done, _)| *done != step) {
                let finding = Finding { status: Status::Skipped, detail: reason.to_owned(), hint: None, ms: None };
                self.add(step, finding);
            }
        }
    }

    pub(super) fn finish(self) -> Result<Exit, CliError> {
        let failed = self.steps.iter().filter(|(_, finding)| finding.status == Status::Failed).count();
        let skipped = self.steps.iter().filter(|(_, finding)| finding.status == Status::Skipped).count();
        if self.told.is_some() {
            print::note(&match (failed, skipped) {
                (0, 0) => "all is well".to_owned(),
                (0, _) => format!("all that was looked at is well ({skipped} skipped)"),
                (_, _) => format!("{failed} failed, {skipped} skipped"),
            });
        } else {
            print::text(&format!("{}\n", self.to_json(failed == 0)))?;
        }
        Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
    }

    fn to_json(&self, ok: bool) -> serde_json::Value {
        #[derive(Serialize)]
        struct Line<'a> {
            step: Step,
            #[serde(flatten)]
            finding: &'a Finding,
        }
        let steps: Vec<_> = self.steps.iter().map(|(step, finding)| Line { step: *step, finding }).collect();
        json!({"ok": ok, "server": self.server, "steps": steps})
    }
}

fn tell(printer: &Printer, step: Step, finding: &Finding) {
    const WIDTH: usize = "skipped".len();
    let (tone, word) = match finding.status {
        Status::Ok => (Tone::Good, "ok"),
        Status::Failed => (Tone::Bad, "failed"),
        Status::Skipped => (Tone::Quiet, "skipped"),
    };
    let time = finding.ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
    printer.tagged(tone, word, WIDTH, &format!("{:<6}  {}{time}", step.name(), finding.detail));
    if let Some(hint) = &finding.hint {
        printer.tagged(Tone::Hint, "hint:", WIDTH, &format!("{:<6}  {hint}", ""));
    }
}
