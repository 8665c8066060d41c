//! `modlake hook`: what the agents' hooks run, once for each event.
//!
//! Reads the event from standard input, cleans it ([`event`]), leaves it in the spool and makes sure that a sender runs
//! ([`sender`]). It never waits for the network and never disturbs the agent, to which exit codes and output are commands: it
//! prints nothing and exits with 0 whatever happens. What went wrong is a line in `~/.modlake/hook.log` ([`log`]).

mod event;
mod git;
mod log;
mod oversize;
pub(crate) mod sender;
mod stdin;

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _, Read};
use std::panic::{self, AssertUnwindSafe};
use std::process::{Command, ExitCode, Stdio};

use record::time::Clock;
use uuid::Uuid;

use crate::agents::Agent;
use crate::args::{self, Args, Parsed};
use crate::config::{self, Environment};
use crate::placeholders;
use crate::print;
use crate::spool::Spool;
use crate::spool::status::Status;
use event::{Cleaning, Stamp};
use log::Log;
use stdin::Patient;

/// An event is read up to here; of a larger one the small values are kept ([`oversize`]).
const EVENT_BYTES: u64 = 4 << 20;

/// Whether the command line is an agent's, and not a person's question for help or the sender's.
pub(crate) fn is_called(mut typed: impl Iterator<Item = OsString>) -> bool {
    typed.nth(1).is_some_and(|command| command == "hook")
        && typed.next().is_none_or(|next| !["send", "--help", "-h"].iter().any(|other| next == *other))
}

/// Runs the hook behind walls that neither an error nor a panic gets through.
pub(crate) fn main() -> ExitCode {
    panic::set_hook(Box::new(|_| {}));
    let run = || {
        let environment = Environment::read();
        let log = Log::of(&environment);
        match args::parse(std::env::args_os()) {
            Ok(Parsed::Args(Args { command: args::Command::Hook(args), server })) => {
                run(args.agent, server.as_deref(), &environment);
            }
            Ok(_) => log.write("the command line is not that of a hook"),
            Err(error) => log.write(&error.message),
        }
        log
    };
    if panic::catch_unwind(AssertUnwindSafe(run)).is_err() {
        panic::catch_unwind(|| Log::of(&Environment::read()).write("the hook panicked, its event is lost")).ok();
    }
    ExitCode::SUCCESS
}

/// One event from standard input to the spool.
pub(crate) fn run(agent: Agent, server: Option<&str>, environment: &Environment) {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return print::note("`modlake hook` is run by a coding agent, which writes an event to its standard input");
    }
    let log = Log::of(environment);
    let Some(spool) = Spool::of(environment) else { return };
    if let Err(reason) = take(agent, Patient::new(stdin), environment, &spool, &log) {
        log.write(&format!("{}: an event was lost: {reason}", agent.as_str()));
    }
    ensure_sender(server, environment, &spool).unwrap_or_else(|error| {
        log.write(&format!("cannot start the sender: {error}"));
    });
}

/// Reads, cleans and spools; what failed, without a word of the event.
fn take(agent: Agent, mut input: impl Read, environment: &Environment, spool: &Spool, log: &Log) -> Result<(), String> {
    let mut body = Vec::with_capacity(16 << 10);
    input.by_ref().take(EVENT_BYTES + 1).read_to_end(&mut body).map_err(|error| format!("cannot read it: {error}"))?;
    if body.len() as u64 > EVENT_BYTES {
        body = oversize::small_values(&body, input);
        log.write(&format!("{}: an event of more than {EVENT_BYTES} bytes was cut", agent.as_str()));
    }
    let policy = config::capture_policy(environment).unwrap_or_else(|error| {
        log.write(&error.message);
        config::default_policy(environment)
    });
    let mut stamp = || Stamp { time: Clock::System.now(), id: Uuid::now_v7() };
    let api_key = config::api_key(environment);
    let cleaning = Cleaning { policy, key: placeholders::key(api_key.as_ref(), environment), api_key };
    let records = event::records(&body, agent, cleaning, &mut stamp).map_err(|error| error.to_string())?;
    for record in records {
        spool.append(agent, &record).map_err(|error| format!("cannot spool it: {error}"))?;
    }
    Ok(())
}

/// Starts the sender unless one runs or is to wait. A process of its own group with nothing of ours open: it outlives the agent,
/// and the agent does not wait for its pipes.
fn ensure_sender(server: Option<&str>, environment: &Environment, spool: &Spool) -> io::Result<()> {
    let Some(lock) = spool.lock_sending()? else { return Ok(()) };
    let configured = config::path(environment).ok().and_then(|path| fs::metadata(path).ok()?.modified().ok());
    let has_key = environment.modlake_api_key.is_some() || environment.moda_api_key.is_some();
    if !Status::load(spool).is_due(Clock::System.now(), configured, has_key) {
        return Ok(());
    }
    drop(lock);
    let mut command = Command::new(std::env::current_exe()?);
    if let Some(server) = server {
        command.args(["--server", server]);
    }
    command.args(["hook", "send"]).current_dir(spool.folder());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()?;
    Ok(())
}

#[cfg(test)]
mod tests;
