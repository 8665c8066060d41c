//! `modlake`, the client: makes a laptop's agents send, runs as their hook, runs `mod` and sends its traces, asks a modlake
//! server, and finds out why it does not answer.
//!
//! It runs at every hook of every agent and around every `mod`, and so starts in milliseconds: nothing is read or connected
//! before a command needs it, and an async runtime is there only while something goes to a bucket.

mod agents;
mod args;
mod client;
mod commands;
mod config;
mod edit;
mod error;
mod exit;
mod format;
mod history;
#[cfg(unix)]
mod inherited;
mod placeholders;
mod print;
mod private;
mod spool;
mod traces;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use args::{Command, ConfigCommand, ExecArgs, HookAction, HookArgs, HooksCommand, Parsed, TracesCommand};
use commands::exec::Call;
use config::Environment;
use error::CliError;
use exit::Exit;
use print::Printer;

fn main() -> ExitCode {
    if commands::hook::is_called(std::env::args_os()) {
        return commands::hook::main();
    }
    if let Some(call) = commands::exec::called(std::env::args_os()) {
        return commands::exec::main(call, None);
    }
    let environment = Environment::read();
    let printer = Printer::new(environment.color_wanted(), std::io::stderr().is_terminal());
    let exit = match args::parse(std::env::args_os()) {
        Ok(Parsed::Args(args)) => match args.command {
            Command::Exec(ExecArgs { command, install_alias: false, uninstall_alias: false, .. }) => {
                return commands::exec::main(
                    Call { arguments: command, may_name_program: true },
                    args.server.as_deref(),
                );
            }
            command => run(&command, args.server.as_deref(), &environment, &printer),
        },
        Ok(Parsed::Text(text)) => print::text(&text),
        Err(error) => Err(error),
    };
    let exit = exit.unwrap_or_else(|error| {
        printer.error(&error);
        error.exit
    });
    ExitCode::from(exit.code())
}

fn run(
    command: &Command,
    server: Option<&str>,
    environment: &Environment,
    printer: &Printer,
) -> Result<Exit, CliError> {
    match command {
        Command::Sql(args) => commands::sql::run(args, server, environment),
        Command::Exec(args) => commands::exec::alias::run(args, environment, printer),
        Command::Traces(TracesCommand::Push(args)) => commands::traces::push(args, server, environment),
        Command::Traces(TracesCommand::Status(args)) => commands::traces::status(args, server, environment, printer),
        Command::Traces(TracesCommand::Send(args)) => commands::traces::send(args, server, environment),
        Command::Doctor(args) => commands::doctor::run(args, server, environment, printer),
        Command::Hook(HookArgs { action: Some(HookAction::Send), .. }) => {
            commands::hook::sender::run(server, environment)
        }
        Command::Hook(args) => {
            commands::hook::run(args.agent, server, environment);
            Ok(Exit::Ok)
        }
        Command::Config(ConfigCommand::Set(args)) => commands::config::set(args, server, environment),
        Command::Import(args) => commands::import::run(args, server, environment, std::io::stderr().is_terminal()),
        Command::Config(ConfigCommand::Show(args)) => commands::config::show(args, server, environment),
        Command::Init(args) => commands::init::run(args, server, environment, printer),
        Command::Hooks(HooksCommand::Install(args)) => commands::hooks::install(args, server, environment, printer),
        Command::Hooks(HooksCommand::Status(args)) => commands::hooks::status(args, server, environment, printer),
        Command::Hooks(HooksCommand::Uninstall(args)) => commands::hooks::uninstall(args, environment, printer),
    }
}
