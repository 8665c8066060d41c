//! `modlake`, the client: makes a laptop's agents send, runs as their hook, asks a modlake server, and finds out why it does not
//! answer.
//!
//! It runs at every hook of every agent, and so starts in milliseconds: no async runtime, nothing read or connected before a command
//! needs it.

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
mod print;
mod private;
mod spool;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use args::{Command, ConfigCommand, HookAction, HookArgs, HooksCommand, Parsed};
use config::Environment;
use error::CliError;
use exit::Exit;
use print::Printer;

fn main() -> ExitCode {
    if commands::hook::is_called(std::env::args_os()) {
        return commands::hook::main();
    }
    let environment = Environment::read();
    let printer = Printer::new(environment.color_wanted(), std::io::stderr().is_terminal());
    let exit = run(&environment, &printer).unwrap_or_else(|error| {
        printer.error(&error);
        error.exit
    });
    ExitCode::from(exit.code())
}

fn run(environment: &Environment, printer: &Printer) -> Result<Exit, CliError> {
    let args = match args::parse(std::env::args_os())? {
        Parsed::Args(args) => args,
        Parsed::Text(text) => return print::text(&text),
    };
    let server = args.server.as_deref();
    match &args.command {
        Command::Sql(args) => commands::sql::run(args, server, environment),
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
