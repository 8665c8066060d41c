//! The command line.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::{self, Config, SETTINGS};

mod brick;
mod ddl;
mod expire;
mod keys;
pub mod print;
mod redaction;
mod retention;
mod serve;
mod throttle;

/// Runs what the command line asks for.
pub fn run() -> Result<ExitCode> {
    let matches = command().get_matches();
    let done = match matches.subcommand() {
        Some(("brick", matches)) => return brick::run(matches),
        Some(("redaction", matches)) => return redaction::run(matches),
        Some(("serve", matches)) => serve::run(load(matches)?),
        Some(("ddl", matches)) => ddl::run(&load(matches)?, matches),
        Some(("expire", matches)) => expire::run(&load(matches)?, matches),
        Some(("retention", matches)) => match matches.subcommand() {
            Some(("list", matches)) => retention::list(&load(matches)?, matches),
            Some(("set", matches)) => retention::set(&load(matches)?, matches),
            _ => Ok(()),
        },
        Some(("throttle", matches)) => match matches.subcommand() {
            Some(("list", matches)) => throttle::list(&load(matches)?, matches),
            Some(("set", matches)) => throttle::set(&load(matches)?, matches),
            _ => Ok(()),
        },
        Some(("keys", matches)) => match matches.subcommand() {
            Some(("create", matches)) => keys::create(&load(matches)?, matches),
            Some(("list", matches)) => keys::list(&load(matches)?, matches),
            Some(("revoke", matches)) => keys::revoke(&load(matches)?, matches),
            _ => Ok(()),
        },
        _ => Ok(()),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn command() -> Command {
    Command::new("modlaked")
        .version(env!("CARGO_PKG_VERSION"))
        .about("modlake, the server: a self-hosted lake for the telemetry of developer tools")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(Command::new("serve").about("Starts the server"), |_| true))
        .subcommand(keys_command())
        .subcommand(brick::command())
        .subcommand(redaction::command())
        .subcommand(with_settings(ddl::command(), only_data_dir))
        .subcommand(with_settings(expire::command(), |key| only_catalog(key) || key.starts_with("retention.")))
        .subcommand(retention::command())
        .subcommand(throttle::command())
}

/// Settings of the commands that only look for what is stored.
fn only_data_dir(key: &str) -> bool {
    key == "data_dir"
}

/// Settings of the commands that only look into the catalog.
fn only_catalog(key: &str) -> bool {
    only_data_dir(key) || key.starts_with("catalog")
}

fn keys_command() -> Command {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, for scripts");
    Command::new("keys")
        .about("Makes, lists and revokes keys; works while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            with_settings(Command::new("create").about("Makes a key and prints it once"), only_catalog)
                .arg(Arg::new("tenant").long("tenant").required(true).help("Owner of the rows sent with it"))
                .arg(
                    Arg::new("scope")
                        .long("scope")
                        .required(true)
                        .value_name("ingest,read,admin")
                        .help("What it may do, separated by commas"),
                )
                .arg(Arg::new("name").long("name").help("To recognise it in lists"))
                .arg(
                    Arg::new("origin")
                        .long("origin")
                        .action(ArgAction::Append)
                        .help("Origin of a browser key; may be given more than once"),
                ),
        )
        .subcommand(
            with_settings(Command::new("list").about("Lists keys, never their text"), only_catalog)
                .arg(Arg::new("tenant").long("tenant").help("Of this tenant only"))
                .arg(json),
        )
        .subcommand(
            with_settings(Command::new("revoke").about("Ends a key within a second"), only_catalog)
                .arg(Arg::new("id").required(true).help("As `modlaked keys list` shows it")),
        )
}

fn with_settings(command: Command, wanted: impl Fn(&str) -> bool) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_parser(clap::value_parser!(PathBuf))
        .help("File of settings (TOML); also MODLAKE_CONFIG [default: modlake.toml where it exists]");
    let settings = SETTINGS.iter().filter(|setting| wanted(setting.key));
    settings.fold(command.arg(config), |command, setting| {
        let help = format!("{} [env: {}]", setting.doc, setting.variable());
        command.arg(Arg::new(setting.key).long(setting.flag()).value_name("VALUE").help(help))
    })
}

fn load(matches: &ArgMatches) -> Result<Config> {
    let named = matches.get_one::<PathBuf>("config").cloned();
    let named = named.or_else(|| config::variable("MODLAKE_CONFIG").map(PathBuf::from));
    let file = named.or_else(|| Some(PathBuf::from("modlake.toml")).filter(|file| file.is_file()));
    let flags: Vec<(&'static str, String)> = SETTINGS
        .iter()
        .filter_map(|setting| {
            let text = matches.try_get_one::<String>(setting.key).ok()??;
            Some((setting.key, text.clone()))
        })
        .collect();
    Config::load(file.as_deref(), config::variable, &flags)
}

/// Root of the lake where the settings name no other.
fn lake_folder(config: &Config) -> PathBuf {
    config.data_dir.join("lake")
}

/// A folder that only its owner can look into; one that is there already stays as it is.
pub(crate) fn make_private(folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make folder {}", folder.display()))
}
