//! Codex's session files: `~/.codex/sessions/<year>/<month>/<day>/rollout-<time>-<thread>.jsonl` (seen with 0.169.0; older ones
//! have neither `ordinal` nor `token_usage_record`, and `user_message` in place of `UserMessage` items).
//!
//! A line has `timestamp`, `type` and `payload`. The first `session_meta` is the file's own; its `id` is the thread, which is
//! the conversation of the telemetry, a sub-agent's own too.
//!
//! # Tokens
//!
//! `token_usage_record` tells the tokens of one response and names it. `token_count` follows with the sum of the thread in
//! `total_token_usage` and the response in `last_token_usage`, and comes again with the same sum when nothing was answered:
//! it counts where no record and no other `token_count` has that sum. `input_tokens` includes cached ones, and is converted.
//!
//! # Replays
//!
//! The file of a sub-agent or of a forked session may begin with a copy of the other one's lines, written anew with the times
//! of the copy. Such a file has that session's `session_meta` in it. The copy ends before `subagent_history_start_ordinal`;
//! where the file does not say so, with the second in which the file was begun, in which no model answers.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use record::time::Timestamp;
use serde_json::Value;

use super::{Fact, Place, Record, Session, Tokens, lines, number_after, program, utf16_length};

/// How long writing a copy may take, in microseconds.
const REPLAY_MICROS: i64 = 1_000_000;

pub(crate) fn read(path: &Path, log_prompts: bool) -> io::Result<Session> {
    let mut reader = Reader { log_prompts, ..Reader::default() };
    let unreadable = lines::read(path, |line| reader.line(line))?;
    Ok(Session { facts: reader.facts(), unreadable })
}

#[derive(Default)]
struct Reader {
    log_prompts: bool,
    meta: Option<Meta>,
    turn: String,
    model: Option<String>,
    facts: Vec<Fact>,
    calls: HashMap<String, Call>,
    ended: HashMap<String, Ended>,
    results: Vec<(Record, String, bool)>,
    turns: HashSet<String>,
    /// Sums of the thread that a named response accounts for.
    accounted: HashSet<Sum>,
    counts: Vec<(Record, Sum)>,
}

/// What the file's own `session_meta` says.
struct Meta {
    session_id: String,
    agent_id: Option<String>,
    place: Place,
    began: Option<Timestamp>,
    starts_at: Option<u64>,
    has_replay: bool,
}

struct Call {
    tool: String,
    turn: String,
    program: Option<String>,
    skill: Option<String>,
}

/// How the client says that a command ended.
struct Ended {
    exit_code: Option<i64>,
    duration_ms: Option<u64>,
}

/// The tokens of a thread so far: input, cached input, output, all.
type Sum = [u64; 4];

impl Reader {
    fn line(&mut self, line: &Value) {
        let Some(at) = text(line, "timestamp").and_then(Timestamp::parse) else { return };
        let Some(payload) = line.get("payload") else { return };
        let kind = text(line, "type").unwrap_or_default();
        if kind == "session_meta" {
            return self.session(line, payload, at);
        }
        if self.is_replayed(line, at) {
            return;
        }
        let Some(base) = self.base(line) else { return };
        match (kind, text(payload, "type").unwrap_or_default()) {
            ("turn_context", _) => {
                self.model = text(payload, "model").map(str::to_owned);
                self.begin_turn(payload);
            }
            ("token_usage_record", _) => self.response(base, payload),
            ("event_msg", "token_count") => self.count(base, payload),
            ("event_msg", "task_started") => self.begin_turn(payload),
            ("event_msg", "user_message") => {
                self.prompt(base, text(payload, "message").unwrap_or_default().to_owned(), None);
            }
            ("event_msg", "task_complete") => self.failure(base, payload),
            ("event_msg", "item_completed") => self.item(base, payload),
            ("event_msg", "exec_command_end") => self.command_end(payload, "call_id"),
            ("response_item", "function_call" | "custom_tool_call" | "local_shell_call") => self.call(payload),
            ("response_item", "function_call_output" | "custom_tool_call_output") => self.result(base, payload),
            ("response_item", "message") => self.skill_of_prompt(base, payload),
            _ => {}
        }
    }

    fn begin_turn(&mut self, payload: &Value) {
        if let Some(turn) = text(payload, "turn_id") {
            turn.clone_into(&mut self.turn);
        }
    }

    fn session(&mut self, line: &Value, payload: &Value, at: Timestamp) {
        let Some(id) = text(payload, "id") else { return };
        if let Some(own) = &mut self.meta {
            own.has_replay |= own.session_id != id;
            return;
        }
        let owned = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let place = Place {
            cwd: owned(payload.get("cwd")),
            branch: owned(payload.pointer("/git/branch")).filter(|branch| branch != "HEAD"),
            agent_version: owned(payload.get("cli_version")),
        };
        let is_sub_agent = payload.pointer("/source/subagent").is_some();
        self.meta = Some(Meta {
            session_id: id.to_owned(),
            agent_id: is_sub_agent.then(|| id.to_owned()),
            place,
            began: Some(at),
            starts_at: payload.get("subagent_history_start_ordinal").and_then(Value::as_u64),
            has_replay: false,
        });
        if let Some(base) = self.base(line) {
            self.facts.push(Fact::new(Record { name: "session_start", event_id: id.to_owned(), ..base }));
        }
    }

    fn is_replayed(&self, line: &Value, at: Timestamp) -> bool {
        let Some(meta) = self.meta.as_ref() else { return false };
        match (meta.starts_at, line.get("ordinal").and_then(Value::as_u64)) {
            (Some(start), Some(ordinal)) => ordinal < start,
            _ => meta.has_replay && meta.began.is_some_and(|began| at.0 < began.0.saturating_add(REPLAY_MICROS)),
        }
    }

    /// What every record of the file has; `None` before the session is known.
    fn base(&self, line: &Value) -> Option<Record> {
        let meta = self.meta.as_ref()?;
        Some(Record {
            timestamp: text(line, "timestamp")?.to_owned(),
            session_id: meta.session_id.clone(),
            agent_id: meta.agent_id.clone(),
            place: meta.place.clone(),
            model: self.model.clone(),
            prompt_id: Some(self.turn.clone()).filter(|turn| !turn.is_empty()),
            ..Record::default()
        })
    }

    /// A turn begins with the user's text; more text in the same turn begins none.
    fn prompt(&mut self, base: Record, said: String, turn: Option<&str>) {
        let prompt_id = turn.map(str::to_owned).or(base.prompt_id);
        // An old file does not number its turns: the time does.
        let id = prompt_id.clone().unwrap_or_else(|| base.timestamp.clone());
        if !self.turns.insert(id.clone()) {
            return;
        }
        self.facts.push(Fact::new(Record {
            name: "user_prompt",
            event_id: format!("{}/{id}", base.session_id),
            prompt_id: Some(id),
            prompt_length: Some(utf16_length(&said)),
            prompt: self.log_prompts.then_some(said),
            ..base
        }));
    }

    fn response(&mut self, base: Record, payload: &Value) {
        let (Some(usage), Some(id)) = (payload.get("usage"), text(payload, "response_id")) else { return };
        if let Some(thread) = payload.get("thread_token_usage") {
            self.accounted.insert(sum(thread));
        }
        self.facts.push(Fact::new(Record {
            name: "api_request",
            event_id: format!("{}/{id}", base.session_id),
            message_id: Some(id.to_owned()),
            success: Some(true),
            tokens: Some(tokens(usage)),
            ..base
        }));
    }

    fn count(&mut self, base: Record, payload: &Value) {
        let part = |name| payload.get("info").and_then(|info| info.get(name));
        let (Some(total), Some(last)) = (part("total_token_usage"), part("last_token_usage")) else { return };
        let sum = sum(total);
        let [input, cached, output, _] = sum;
        let record = Record {
            name: "api_request",
            event_id: format!("{}/tokens-{input}-{cached}-{output}", base.session_id),
            success: Some(true),
            tokens: Some(tokens(last)),
            ..base
        };
        self.counts.push((record, sum));
    }

    /// A turn that ended because the model did not answer. Its attempts are not in the file.
    fn failure(&mut self, base: Record, payload: &Value) {
        let Some(error) = payload.get("error").filter(|error| error.is_object()) else { return };
        let turn = text(payload, "turn_id").unwrap_or(&base.timestamp);
        self.facts.push(Fact::new(Record {
            name: "api_request",
            event_id: format!("{}/{turn}/failed", base.session_id),
            success: Some(false),
            error_type: text(error, "codex_error_info").map(str::to_owned),
            ..base
        }));
    }

    fn item(&mut self, base: Record, payload: &Value) {
        let Some(item) = payload.get("item") else { return };
        match text(item, "type") {
            Some("UserMessage") => {
                let said = item.get("content").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let said = said.iter().find_map(|part| text(part, "text")).unwrap_or_default();
                self.prompt(base, said.to_owned(), text(payload, "turn_id"));
            }
            Some("CommandExecution") => self.command_end(item, "id"),
            _ => {}
        }
    }

    fn command_end(&mut self, told: &Value, id: &str) {
        let Some(call) = text(told, id) else { return };
        let part = |name| told.get("duration").and_then(|duration| duration.get(name)).and_then(Value::as_u64);
        let duration_ms = part("secs")
            .zip(part("nanos"))
            .map(|(secs, nanos)| secs.saturating_mul(1_000).saturating_add(nanos / 1_000_000));
        let exit_code = told.get("exit_code").and_then(Value::as_i64);
        if let Some(skill) = skill_that_was_read(told)
            && let Some(call) = self.calls.get_mut(call)
        {
            call.skill = Some(skill);
        }
        self.ended.insert(call.to_owned(), Ended { exit_code, duration_ms });
    }

    fn call(&mut self, payload: &Value) {
        let Some(id) = text(payload, "call_id") else { return };
        let arguments: Value =
            text(payload, "arguments").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let command = ["cmd", "command"].iter().find_map(|key| arguments.get(key));
        let command = match command {
            Some(Value::String(line)) => Some(line.as_str()),
            // ["bash", "-lc", "the line"]
            Some(Value::Array(words)) => words.last().and_then(Value::as_str),
            _ => None,
        };
        let call = Call {
            tool: text(payload, "name").unwrap_or("local_shell").to_owned(),
            turn: self.turn.clone(),
            program: command.and_then(program),
            skill: None,
        };
        self.calls.insert(id.to_owned(), call);
    }

    fn result(&mut self, base: Record, payload: &Value) {
        let Some(id) = text(payload, "call_id") else { return };
        let (exit_code, succeeded) = told_by(payload.get("output"));
        let record = Record {
            name: "tool_result",
            event_id: format!("{}/{id}", base.session_id),
            tool_use_id: Some(id.to_owned()),
            model: None,
            exit_code,
            ..base
        };
        self.results.push((record, id.to_owned(), succeeded));
    }

    /// The text of a skill that the user named (`$name`) goes to the model as a message of its own.
    fn skill_of_prompt(&mut self, base: Record, payload: &Value) {
        let content = payload.get("content").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let said = content.iter().find_map(|part| text(part, "text")).unwrap_or_default();
        if text(payload, "role") != Some("user") || !said.starts_with("<skill>") {
            return;
        }
        let name = said.split_once("<name>").and_then(|(_, rest)| rest.split_once("</name>")).map(|(name, _)| name);
        if let Some(name) = name {
            self.skill(base, name.to_owned(), "explicit");
        }
    }

    fn skill(&mut self, base: Record, name: String, trigger: &'static str) {
        let turn = base.prompt_id.as_deref().unwrap_or(&base.timestamp);
        self.facts.push(Fact::new(Record {
            name: "skill_activated",
            event_id: format!("{}/{turn}/{name}", base.session_id),
            skill_name: Some(name),
            invocation_trigger: Some(trigger),
            ..base
        }));
    }

    /// All facts of the file; results joined to their calls, sums without a response's name added where nothing accounts for them.
    fn facts(mut self) -> Vec<Fact> {
        for (mut record, id, succeeded) in std::mem::take(&mut self.results) {
            let mut skill = None;
            if let Some(call) = self.calls.remove(&id) {
                record.tool_name = Some(call.tool);
                record.command = call.program;
                record.prompt_id = Some(call.turn).filter(|turn| !turn.is_empty());
                skill = call.skill;
            }
            if let Some(ended) = self.ended.get(&id) {
                record.exit_code = ended.exit_code.or(record.exit_code);
                record.duration_ms = ended.duration_ms;
            }
            record.success = Some(record.exit_code.map_or(succeeded, |code| code == 0));
            if let Some(name) = skill {
                let base = Record { tool_use_id: None, tool_name: None, command: None, ..record.clone() };
                self.skill(Record { success: None, exit_code: None, duration_ms: None, ..base }, name, "implicit");
            }
            self.facts.push(Fact::new(record));
        }
        for (record, sum) in std::mem::take(&mut self.counts) {
            if self.accounted.insert(sum) {
                self.facts.push(Fact::new(record));
            }
        }
        self.facts
    }
}

/// Exit code and outcome, as a call's output says them: in JSON, in the words of the shell tools, or not at all.
fn told_by(output: Option<&Value>) -> (Option<i64>, bool) {
    let told = match output {
        Some(Value::String(text)) => text.as_str(),
        Some(other) => return (None, other.get("success").and_then(Value::as_bool).unwrap_or(true)),
        None => return (None, true),
    };
    if let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(told) {
        let code = fields.get("metadata").and_then(|metadata| metadata.get("exit_code")).and_then(Value::as_i64);
        return (code, true);
    }
    // The client's own words come first; what the program wrote comes behind them.
    let head = told.split("\nOutput:").next().unwrap_or_default();
    let code = ["Process exited with code ", "Exit code: "].iter().find_map(|marker| number_after(head, marker));
    let unsupported = head.starts_with("unsupported call") || head.starts_with("failed ");
    (code, !unsupported)
}

/// The skill whose SKILL.md a command has read.
fn skill_that_was_read(told: &Value) -> Option<String> {
    let parsed = told.get("parsed_cmd")?.as_array()?;
    parsed.iter().filter(|part| text(part, "type") == Some("read")).find_map(|part| {
        let path = text(part, "path")?.replace('\\', "/");
        let folder = path.strip_suffix("/SKILL.md")?;
        folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
    })
}

fn tokens(usage: &Value) -> Tokens {
    let count = |key| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
    let (cached, written) = (count("cached_input_tokens"), count("cache_write_input_tokens"));
    Tokens {
        input: count("input_tokens").saturating_sub(cached).saturating_sub(written),
        output: count("output_tokens"),
        cache_read: cached,
        cache_creation: written,
        reasoning: usage.get("reasoning_output_tokens").and_then(Value::as_u64),
    }
}

fn sum(total: &Value) -> Sum {
    ["input_tokens", "cached_input_tokens", "output_tokens", "total_tokens"]
        .map(|key| total.get(key).and_then(Value::as_u64).unwrap_or(0))
}

fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}
