//! `modlake config`: what this machine knows of its server.

use std::io::{IsTerminal as _, Read as _};

use record::secret::Secret;
use serde_json::json;

use crate::args::{SetArgs, ShowArgs};
use crate::config::{self, Environment, File, Settings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::print;

/// Longer than any key; keeps a file given by mistake out of memory.
const MAX_KEY: u64 = 4_096;

/// `modlake config set`: changes what is given, keeps the rest.
pub(crate) fn set(args: &SetArgs, server: Option<&str>, environment: &Environment) -> Result<Exit, CliError> {
    if server.is_none() && args.key.is_none() {
        return Err(CliError::new(Exit::Usage, "nothing to set").hint("give --server URL, --key - or both"));
    }
    let path = config::path(environment)?;
    let mut file = File::load(&path)?.unwrap_or_default();
    if let Some(server) = server {
        let server = config::check_server(server)
            .map_err(|reason| CliError::new(Exit::Usage, format!("the server from --server {reason}")))?;
        file.server = Some(server);
    }
    if let Some(typed) = &args.key {
        file.key = Some(read_key(typed)?.reveal().to_owned());
    }
    file.save(&path)?;
    print::note(&format!("wrote {}", path.display()));
    for (set, name) in [
        (server.is_some() && environment.server.is_some(), "MODLAKE_SERVER"),
        (args.key.is_some() && environment.modlake_api_key.is_some(), "MODLAKE_API_KEY"),
        (args.key.is_some() && environment.moda_api_key.is_some(), "MODA_API_KEY"),
    ] {
        if set {
            print::note(&format!("{name} is set in this shell and goes before the file"));
        }
    }
    Ok(Exit::Ok)
}

/// `modlake config show`.
pub(crate) fn show(args: &ShowArgs, server: Option<&str>, environment: &Environment) -> Result<Exit, CliError> {
    let settings = Settings::load(server, environment)?;
    let key_from = settings.key.as_ref().map(|(_, from)| *from);
    let path = settings.path.display().to_string();
    let text = if args.json {
        let shown = json!({
            "file": path,
            "file_exists": settings.file_exists,
            "server": settings.server,
            "server_from": settings.server_from,
            "key_from": key_from,
        });
        format!("{shown}\n")
    } else {
        let exists = if settings.file_exists { "" } else { " (not there)" };
        let key = key_from.map_or_else(|| "none".to_owned(), |from| format!("from {from}"));
        format!("file    {path}{exists}\nserver  {} (from {})\nkey     {key}\n", settings.server, settings.server_from)
    };
    print::text(&text)
}

fn read_key(typed: &str) -> Result<Secret, CliError> {
    if typed != "-" {
        return Err(CliError::new(Exit::Usage, "the key is read from standard input, not from the command line")
            .hint("write `--key -` and paste the key, or pipe it in; a typed key would stay in the shell's history"));
    }
    let stdin = std::io::stdin();
    let mut text = String::new();
    let read = if stdin.is_terminal() {
        print::note("paste the key and press return:");
        stdin.read_line(&mut text)
    } else {
        stdin.lock().take(MAX_KEY + 1).read_to_string(&mut text)
    };
    read.map_err(|error| CliError::new(Exit::Usage, format!("cannot read the key from standard input: {error}")))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_KEY) {
        return Err(CliError::new(Exit::Usage, format!("the key on standard input is longer than {MAX_KEY} bytes")));
    }
    let key = Secret::new(text.trim());
    config::check_key(&key)
        .map_err(|reason| CliError::new(Exit::Usage, format!("the key on standard input {reason}")))?;
    Ok(key)
}
