//! Claude Code's session files: `~/.claude/projects/<folder>/<session>.jsonl`, sub-agents in `<session>/subagents/agent-*.jsonl`
//! (seen with 2.1.330; older ones have fewer fields, and sub-agents in the session's own file).
//!
//! A line has a `type`; those of facts are `user` (prompts and results of tools) and `assistant` (blocks of a message). Each
//! line has a `uuid`, which copies of it keep: a forked session's file begins with the other session's lines, with the new
//! `sessionId` and the new `promptId` in them. A message's blocks are lines of their own with the same `message.id`,
//! `requestId` and `usage`; an older client wrote the usage as it grew, so the largest counts. `promptId`, `requestId` and the
//! ids of tool calls are those of the telemetry of the same session.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use record::time::Timestamp;
use serde_json::Value;

use super::{Fact, Place, Record, Session, Tokens, lines, number_after, program, utf16_length};

pub(crate) fn read(path: &Path, log_prompts: bool) -> io::Result<Session> {
    let mut reader = Reader { log_prompts, ..Reader::default() };
    let unreadable = lines::read(path, |line| reader.line(line))?;
    Ok(Session { facts: reader.facts(), unreadable })
}

#[derive(Default)]
struct Reader {
    log_prompts: bool,
    facts: Vec<Fact>,
    /// Position in `facts` by message and request.
    requests: HashMap<String, usize>,
    calls: HashMap<String, Call>,
    results: Vec<Outcome>,
    started: HashMap<String, usize>,
}

/// A tool call as the model made it.
struct Call {
    tool: String,
    message: String,
    at: String,
    program: Option<String>,
    skill: Option<String>,
}

/// What came of a call, waiting for it: both lines are there in any order.
struct Outcome {
    record: Record,
    tool_use_id: String,
    /// Nobody had to be asked, so the time from call to result is the tool's.
    is_unattended: bool,
}

impl Reader {
    fn line(&mut self, line: &Value) {
        let Some(base) = base(line) else { return };
        self.start(&base, line);
        match text(line, "type") {
            Some("assistant") => self.message(base, line),
            Some("user") => self.user(base, line),
            _ => {}
        }
    }

    /// A session begins with the first of its lines that has a time. Copies of another session's lines keep their earlier times.
    fn start(&mut self, base: &Record, line: &Value) {
        if flag(line, "isSidechain") {
            return;
        }
        if let Some(at) = self.started.get(&base.session_id) {
            let known = &mut self.facts[*at].record;
            if known.place == Place::default() {
                known.place = base.place.clone();
            }
            return;
        }
        self.started.insert(base.session_id.clone(), self.facts.len());
        let event_id = base.session_id.clone();
        self.facts.push(Fact::new(Record { name: "session_start", event_id, agent_id: None, ..base.clone() }));
    }

    /// One block of a message: the request that gave it, and the tool that it calls.
    fn message(&mut self, base: Record, line: &Value) {
        let Some(message) = line.get("message") else { return };
        let message_id = text(message, "id").unwrap_or_default();
        let request_id = text(line, "requestId").map(str::to_owned);
        let failed = flag(line, "isApiErrorMessage");
        let model = text(message, "model").filter(|model| *model != "<synthetic>");
        if model.is_none() && !failed || message_id.is_empty() {
            return;
        }
        let id = format!("{message_id}/{}", request_id.as_deref().unwrap_or_default());
        for block in blocks(message) {
            if let (Some("tool_use"), Some(call)) = (text(block, "type"), text(block, "id")) {
                self.calls.insert(call.to_owned(), call_of(block, &id, &base.timestamp));
            }
        }
        let Some(usage) = message.get("usage") else { return };
        let tokens = tokens(usage);
        if let Some(at) = self.requests.get(&id) {
            let known = &mut self.facts[*at].record;
            if known.tokens.is_some_and(|known| known.output < tokens.output) {
                known.tokens = Some(tokens);
            }
            if known.timestamp < base.timestamp {
                known.timestamp = base.timestamp;
            }
            return;
        }
        let mut record = Record {
            name: "api_request",
            event_id: id.clone(),
            model: model.map(str::to_owned),
            request_id,
            success: Some(!failed),
            ..base
        };
        if failed {
            // The message is the client's own, made for every failure anew.
            record.error_type = text(line, "error").map(str::to_owned);
            record.status_code = first_text(message)
                .and_then(|told| number_after(told, "API Error: "))
                .and_then(|status| u16::try_from(status).ok());
        } else {
            record.message_id = Some(message_id.to_owned());
            record.tokens = Some(tokens);
        }
        self.requests.insert(id, self.facts.len());
        self.facts.push(Fact::new(record));
    }

    fn user(&mut self, base: Record, line: &Value) {
        let Some(message) = line.get("message") else { return };
        let mut is_result = false;
        for block in blocks(message) {
            if let (Some("tool_result"), Some(call)) = (text(block, "type"), text(block, "tool_use_id")) {
                is_result = true;
                self.results.push(outcome(base.clone(), call, block, line));
            }
        }
        if is_result || flag(line, "isSidechain") || flag(line, "isCompactSummary") {
            return;
        }
        let Some(said) = first_text(message) else { return };
        if flag(line, "isMeta") {
            self.skill_of_command(base, said, line);
        } else if let Some(prompt) = prompt(said) {
            self.prompt(base, &prompt, line);
        }
    }

    fn prompt(&mut self, base: Record, prompt: &str, line: &Value) {
        let uuid = text(line, "uuid").unwrap_or_default().to_owned();
        let prompt_id = text(line, "promptId").map_or_else(|| uuid.clone(), str::to_owned);
        let record = Record {
            name: "user_prompt",
            event_id: prompt_id.clone(),
            prompt_id: Some(prompt_id),
            prompt_length: Some(utf16_length(prompt)),
            prompt: self.log_prompts.then(|| prompt.to_owned()),
            ..base
        };
        self.facts.push(Fact { record, line: Some(uuid) });
    }

    /// A skill that the user called by a slash command: its text follows as a line of the client's own. The text of a skill
    /// that the model called names the call, and is told by that call.
    fn skill_of_command(&mut self, base: Record, said: &str, line: &Value) {
        let folder = said.strip_prefix("Base directory for this skill: ").and_then(|rest| rest.lines().next());
        let name = folder.and_then(|folder| folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next());
        if let (Some(name), None, Some(uuid)) = (name, text(line, "sourceToolUseID"), text(line, "uuid")) {
            let record = Record {
                name: "skill_activated",
                event_id: uuid.to_owned(),
                prompt_id: text(line, "promptId").map(str::to_owned),
                skill_name: Some(name.to_owned()),
                invocation_trigger: Some("user-slash"),
                ..base
            };
            self.facts.push(Fact::new(record));
        }
    }

    /// All facts of the file; results joined to their calls.
    fn facts(mut self) -> Vec<Fact> {
        for Outcome { mut record, tool_use_id, is_unattended } in self.results {
            let call = self.calls.get(&tool_use_id);
            // A small id comes again in other sessions; with its message it does not.
            record.event_id =
                format!("{}/{tool_use_id}", call.map_or(record.session_id.as_str(), |call| &call.message));
            record.tool_use_id = Some(tool_use_id);
            if let Some(call) = call {
                record.tool_name = Some(call.tool.clone());
                record.command.clone_from(&call.program);
                if record.exit_code == Some(0) && call.tool != "Bash" {
                    record.exit_code = None;
                }
                if is_unattended && record.duration_ms.is_none() {
                    record.duration_ms = milliseconds(&call.at, &record.timestamp);
                }
                if let Some(skill) = &call.skill
                    && record.success == Some(true)
                {
                    self.facts.push(Fact::new(Record {
                        name: "skill_activated",
                        event_id: record.event_id.clone(),
                        skill_name: Some(skill.clone()),
                        invocation_trigger: Some("claude-proactive"),
                        tool_use_id: record.tool_use_id.clone(),
                        tool_name: None,
                        success: None,
                        duration_ms: None,
                        ..record.clone()
                    }));
                }
            }
            self.facts.push(Fact::new(record));
        }
        self.facts
    }
}

/// What every record of a line has; `None` for a line without session or time.
fn base(line: &Value) -> Option<Record> {
    let timestamp = text(line, "timestamp").filter(|at| Timestamp::parse(at).is_some())?;
    let owned = |key| text(line, key).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Record {
        timestamp: timestamp.to_owned(),
        session_id: owned("sessionId")?,
        // Outside of a branch, git calls it HEAD.
        place: Place {
            cwd: owned("cwd"),
            branch: owned("gitBranch").filter(|branch| branch != "HEAD"),
            agent_version: owned("version"),
        },
        agent_id: owned("agentId"),
        ..Record::default()
    })
}

fn call_of(block: &Value, message: &str, at: &str) -> Call {
    let input = block.get("input");
    let told = |key| input.and_then(|input| text(input, key));
    let tool = text(block, "name").unwrap_or_default().to_owned();
    Call {
        program: told("command").filter(|_| tool == "Bash").and_then(program),
        skill: told("skill").or_else(|| told("command")).filter(|_| tool == "Skill").map(str::to_owned),
        tool,
        message: message.to_owned(),
        at: at.to_owned(),
    }
}

fn outcome(base: Record, tool_use_id: &str, block: &Value, line: &Value) -> Outcome {
    let failed = flag(block, "is_error");
    let result = line.get("toolUseResult");
    let decision = line.get("permissionDecision");
    let rejected = decision.and_then(|decision| text(decision, "decision")) == Some("reject");
    let asked = decision.is_none_or(|decision| text(decision, "source").is_none_or(|by| by.starts_with("user")));
    let told = |key| result.and_then(|result| result.get(key)).and_then(Value::as_u64);
    // Output of a command, there only when it ended and the client saw nothing wrong with it.
    let is_command = result.is_some_and(|result| {
        result.get("stdout").is_some()
            && !flag(result, "interrupted")
            && ["backgroundTaskId", "returnCodeInterpretation"].iter().all(|key| result.get(key).is_none())
    });
    let exit_code = if failed {
        first_text(block)
            .filter(|text| text.starts_with("Exit code "))
            .and_then(|text| number_after(text, "Exit code "))
    } else {
        is_command.then_some(0)
    };
    let record = Record {
        name: "tool_result",
        prompt_id: text(line, "promptId").map(str::to_owned),
        success: Some(!failed),
        exit_code,
        duration_ms: told("durationMs").or_else(|| told("totalDurationMs")),
        error_type: rejected.then(|| "rejected".to_owned()),
        ..base
    };
    Outcome { record, tool_use_id: tool_use_id.to_owned(), is_unattended: !asked }
}

/// How texts begin that the client writes in the user's name.
const OWN: [&str; 6] = [
    "<local-command-stdout>",
    "<local-command-stderr>",
    "<local-command-caveat>",
    "<bash-stdout>",
    "<bash-stderr>",
    "[Request interrupted by user",
];

/// What the user typed; `None` for what the client writes in the user's name. A slash command is a few tags.
fn prompt(said: &str) -> Option<String> {
    let tag = |name: &str| {
        let (_, rest) = said.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner)
    };
    if let Some(command) = tag("command-name") {
        let arguments = tag("command-args").filter(|arguments| !arguments.is_empty());
        return Some(arguments.map_or_else(|| command.to_owned(), |arguments| format!("{command} {arguments}")));
    }
    (!OWN.iter().any(|beginning| said.starts_with(beginning))).then(|| said.to_owned())
}

fn tokens(usage: &Value) -> Tokens {
    let count = |key| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
    Tokens {
        input: count("input_tokens"),
        output: count("output_tokens"),
        cache_read: count("cache_read_input_tokens"),
        cache_creation: count("cache_creation_input_tokens"),
        reasoning: usage.pointer("/output_tokens_details/thinking_tokens").and_then(Value::as_u64),
    }
}

fn milliseconds(from: &str, to: &str) -> Option<u64> {
    let micros = Timestamp::parse(to)?.0.checked_sub(Timestamp::parse(from)?.0)?;
    u64::try_from(micros / 1_000).ok()
}

fn blocks(message: &Value) -> &[Value] {
    message.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A message's text, or that of its first block with one.
fn first_text(message: &Value) -> Option<&str> {
    text(message, "content").or_else(|| blocks(message).iter().find_map(|block| text(block, "text")))
}

fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

fn flag(object: &Value, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool) == Some(true)
}
