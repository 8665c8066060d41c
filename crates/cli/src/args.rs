//! What may be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use record::time::Timestamp;

use crate::agents::Agent;
use crate::error::CliError;
use crate::exit::Exit;
use crate::format::Format;

const SERVER_HELP: &str =
    "The server [default: MODLAKE_SERVER, else ~/.modlake/config.json, else http://127.0.0.1:4318]";

#[derive(Debug, Parser)]
#[command(
    name = "modlake",
    version,
    about = "Makes coding agents and mod send their telemetry to a modlake server, and asks it in SQL",
    after_help = Exit::help(),
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Args {
    /// The server's URL; help shows where it comes from when it is not given.
    #[arg(long, global = true, value_name = "URL", help = SERVER_HELP)]
    pub(crate) server: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one query and print its rows
    Sql(SqlArgs),
    /// Check every step from this machine to a stored row, and name the fix
    Doctor(DoctorArgs),
    /// What the hooks of coding agents run: an event on standard input, sent in the background
    Hook(HookArgs),
    /// Show or change ~/.modlake/config.json
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Store server and key, and make the coding agents of this machine send
    Init(InitArgs),
    /// Make coding agents send their telemetry, or no longer
    #[command(subcommand)]
    Hooks(HooksCommand),
    /// Run `mod` as it is called, then send the trace files that it left
    Exec(ExecArgs),
    /// The trace files of `mod`: send them without a command, or tell how it stands
    #[command(subcommand)]
    Traces(TracesCommand),
    /// Send the sessions that an agent has kept on this machine, from before its telemetry was on
    Import(ImportArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SqlArgs {
    /// The query; `-` reads it from standard input
    pub(crate) query: String,

    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// The value of $1, the next one of $2, …: a JSON number, true, false, null or "text"; anything else is text
    #[arg(long = "param", value_name = "X", allow_hyphen_values = true)]
    pub(crate) params: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Print the report as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// How long to wait until the test event is in SQL
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) wait: u16,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HookArgs {
    /// Whose hook it is
    #[arg(long, value_enum, default_value_t = Agent::Claude)]
    pub(crate) agent: Agent,

    #[command(subcommand)]
    pub(crate) action: Option<HookAction>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum HookAction {
    /// Send what waits in ~/.modlake/spool, now and until nothing comes any more
    #[command(hide = true)]
    Send,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Write the server, the key or both to the file
    Set(SetArgs),
    /// Print what is used and where it comes from; never the key itself
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// `-`: read the key from standard input, so that it is neither in the shell's history nor in the list of processes
    #[arg(long, value_name = "-", allow_hyphen_values = true)]
    pub(crate) key: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Ask nothing: server and key come from the options, the environment or the file
    #[arg(long)]
    pub(crate) yes: bool,

    /// Leave the settings of coding agents alone
    #[arg(long)]
    pub(crate) no_coding_agent_traces: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksCommand {
    /// Write hooks and exporter into the agents' settings
    Install(InstallArgs),
    /// Show what is installed; exit code 1 when something is missing or wrong
    Status(StatusArgs),
    /// Remove what `install` wrote, and nothing else
    Uninstall(UninstallArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum AgentChoice {
    Claude,
    Codex,
    Cursor,
    All,
}

impl AgentChoice {
    pub(crate) fn agents(self) -> &'static [Agent] {
        match self {
            Self::Claude => &[Agent::Claude],
            Self::Codex => &[Agent::Codex],
            Self::Cursor => &[Agent::Cursor],
            Self::All => &Agent::ALL,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct InstallArgs {
    #[arg(long, value_enum, default_value_t = AgentChoice::Claude)]
    pub(crate) agent: AgentChoice,

    /// Into the settings of this repository in place of the user's
    #[arg(long)]
    pub(crate) project: bool,

    /// Print the difference, keys masked, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Let the agents' exporters send the text of prompts (hooks always have it; the server decides what is kept)
    #[arg(long)]
    pub(crate) log_prompts: bool,

    /// Let Claude Code send the arguments of tools and the names of skills
    #[arg(long)]
    pub(crate) log_tool_details: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    #[arg(long, value_enum, default_value_t = AgentChoice::All)]
    pub(crate) agent: AgentChoice,

    /// Print as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UninstallArgs {
    #[arg(long, value_enum, default_value_t = AgentChoice::All)]
    pub(crate) agent: AgentChoice,

    /// From the settings of this repository in place of the user's
    #[arg(long)]
    pub(crate) project: bool,

    /// Print the difference, keys masked, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "modlake exec -- mod build .\n       modlake exec --install-alias | --uninstall-alias [--shell SHELL] [--dry-run]"
)]
pub(crate) struct ExecArgs {
    /// `mod` and its arguments, or these alone; handed over as they are
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true,
          required_unless_present_any = ["install_alias", "uninstall_alias"])]
    pub(crate) command: Vec<OsString>,

    /// Make `mod` in your shell an alias of `modlake exec -- mod`
    #[arg(long, conflicts_with = "command")]
    pub(crate) install_alias: bool,

    /// Take the alias away
    #[arg(long, conflicts_with_all = ["command", "install_alias"])]
    pub(crate) uninstall_alias: bool,

    /// Whose profile is changed [default: that of the variable SHELL]
    #[arg(long, value_enum)]
    pub(crate) shell: Option<Shell>,

    /// Print the difference, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TracesCommand {
    /// Send what was not sent yet
    Push(PushArgs),
    /// Show what waits, what was sent, and what went wrong
    Status(TracesStatusArgs),
    /// What `modlake exec` starts when its command has ended
    #[command(hide = true)]
    Send(SendArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct PushArgs {
    /// Delete each file here once it was sent, and the folder of its id when that is empty then
    #[arg(long)]
    pub(crate) delete_sent: bool,

    /// Try what was refused before once more, as after the destination was set right
    #[arg(long)]
    pub(crate) refused: bool,

    /// Wait for another process that is sending
    #[arg(long)]
    pub(crate) wait: bool,

    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TracesStatusArgs {
    /// Print as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// Somebody waits and reads
    #[arg(long)]
    pub(crate) wait: bool,

    #[arg(long)]
    pub(crate) queue: Option<PathBuf>,
}

/// Agents whose session files can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum HistoryAgent {
    Claude,
    Codex,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    #[arg(value_enum)]
    pub(crate) agent: HistoryAgent,

    /// Where the session files are [default: ~/.claude/projects, ~/.codex/sessions]
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,

    /// Send the text of prompts too (the server decides what is kept)
    #[arg(long)]
    pub(crate) log_prompts: bool,

    /// Leave out what happened before this day (2026-01-31) or time (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,

    /// Say what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The first instant that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(Timestamp);

impl Since {
    fn parse(typed: &str) -> Result<Self, String> {
        let at = Timestamp::parse(typed).or_else(|| Timestamp::parse(&format!("{typed}T00:00:00Z")));
        at.map(Self).ok_or_else(|| "write it as 2026-01-31 or 2026-01-31T09:00:00Z".to_owned())
    }

    /// Whether a time in RFC 3339 is not before it.
    pub(crate) fn admits(self, timestamp: &str) -> bool {
        Timestamp::parse(timestamp).is_some_and(|at| at >= self.0)
    }
}

pub(crate) enum Parsed {
    Args(Args),
    /// Help or version: asked for, so not an error.
    Text(String),
}

/// Reads the command line.
pub(crate) fn parse(typed: impl Iterator<Item = OsString>) -> Result<Parsed, CliError> {
    match Args::try_parse_from(typed) {
        Ok(args) => Ok(Parsed::Args(args)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Parsed::Text(error.render().to_string())),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Err(CliError::new(Exit::Usage, "no command given").hint("`modlake --help` lists the commands"))
            }
            _ => Err(wrong_usage(&error)),
        },
    }
}

/// clap's message in one line, and its best suggestion as the hint.
fn wrong_usage(error: &clap::Error) -> CliError {
    let rendered = error.render().to_string();
    let message: Vec<&str> = rendered.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let message = message.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let suggestion = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind)? {
            ContextValue::String(one) => Some(one.clone()),
            ContextValue::Strings(all) => all.first().cloned(),
            _ => None,
        });
    let hint = match suggestion {
        Some(suggestion) => format!("did you mean `{suggestion}`?"),
        None => "`modlake --help` lists the commands, `modlake COMMAND --help` their options".to_owned(),
    };
    CliError::new(Exit::Usage, message).hint(hint)
}

#[cfg(test)]
mod tests;
