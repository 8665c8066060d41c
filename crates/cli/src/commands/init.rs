//! `modlake init`: server and key, checked and stored, then the coding agents.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use record::caller::Scope;
use record::secret::Secret;

use super::doctor;
use super::exec::{alias, program};
use super::hooks;
use crate::args::{AgentChoice, InitArgs, InstallArgs};
use crate::client::Client;
use crate::config::{self, Environment, File, KEY_HINT, Origin, Settings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::print::{self, Printer, Tone};

const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn run(
    args: &InitArgs,
    server: Option<&str>,
    environment: &Environment,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let asking = !args.yes && io::stdin().is_terminal();
    if !asking && !args.yes && !args.no_coding_agent_traces {
        return Err(CliError::new(Exit::Usage, "there is no terminal to ask whether coding agents may be set up")
            .hint("`modlake init --yes` sets them up, `modlake init --no-coding-agent-traces` leaves them alone"));
    }
    let mut settings = Settings::load(server, environment)?;
    if asking {
        complete(&mut settings)?;
    }
    let key = settings.required_key()?.clone();
    let tenant = check(&settings)?;
    printer.tagged(Tone::Good, "ok", 5, &format!("{} answers; the key is of tenant {tenant}", settings.server));

    let mut file = File::load(&settings.path)?.unwrap_or_default();
    file.server = Some(settings.server.clone());
    file.key = Some(key.reveal().to_owned());
    file.save(&settings.path)?;
    printer.tagged(Tone::Good, "wrote", 5, &settings.path.display().to_string());

    let exit = if wants_agents(args, asking)? {
        let all = InstallArgs {
            agent: AgentChoice::All,
            project: false,
            dry_run: false,
            log_prompts: false,
            log_tool_details: false,
        };
        // The settings name the server that was just stored, not what a variable of this shell says.
        hooks::install(&all, Some(&settings.server), environment, printer)?
    } else {
        print::note("the settings of coding agents stay as they are; `modlake hooks install --agent all` changes them");
        Exit::Ok
    };
    offer_alias(asking, environment, printer)?;
    print::note("next: start your agents anew, then `modlake hooks status` and `modlake doctor`");
    Ok(exit)
}

/// Asks for what was neither typed nor found.
fn complete(settings: &mut Settings) -> Result<(), CliError> {
    if settings.server_from == Origin::Default {
        let typed = ask(&format!("server [{}]:", settings.server))?.unwrap_or_default();
        if !typed.is_empty() {
            settings.server = config::check_server(&typed)
                .map_err(|reason| CliError::new(Exit::Usage, format!("the server {reason}")))?;
        }
    }
    if settings.key.is_none() {
        let typed = Secret::new(ask("key (paste it and press return):")?.unwrap_or_default());
        config::check_key(&typed)
            .map_err(|reason| CliError::new(Exit::Usage, format!("the key {reason}")).hint(KEY_HINT))?;
        settings.key = Some((typed, Origin::File));
    }
    Ok(())
}

/// Whether the server answers and the key may send; gives the tenant.
fn check(settings: &Settings) -> Result<String, CliError> {
    let client = Client::with_timeout(settings, TIMEOUT);
    client.get("/healthz")?;
    let me = doctor::me(&client)?;
    if me.may(Scope::Ingest) {
        Ok(me.tenant)
    } else {
        Err(CliError::new(Exit::Denied, "this key has no scope `ingest`, without which nothing can be sent")
            .hint(KEY_HINT))
    }
}

/// Where there is a `mod` whose traces nobody sends yet. A shell's profile is only changed for who says so.
fn offer_alias(asking: bool, environment: &Environment, printer: &Printer) -> Result<(), CliError> {
    let has_home = environment.home.as_ref().is_some_and(|home| home.join(".moderne").is_dir());
    let is_here = has_home || environment.path.as_deref().is_some_and(|path| program::on_path(path).is_some());
    if !is_here || alias::is_installed(environment).is_some_and(|(_, installed)| installed) {
        return Ok(());
    }
    if asking && alias::is_installed(environment).is_some() {
        let question = "let `mod` in your shell be `modlake exec -- mod`, which sends its trace files? [Y/n]";
        if is_yes(ask(question)?.as_deref()) {
            alias::install(environment, printer)?;
            return Ok(());
        }
    }
    print::note("`modlake exec --install-alias` makes `mod` send its trace files");
    Ok(())
}

fn is_yes(answer: Option<&str>) -> bool {
    answer.is_some_and(|answer| {
        answer.is_empty() || answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes")
    })
}

fn wants_agents(args: &InitArgs, asking: bool) -> Result<bool, CliError> {
    if args.no_coding_agent_traces || !asking {
        return Ok(!args.no_coding_agent_traces);
    }
    let answer = ask("let Claude Code, Codex and Cursor on this machine send their telemetry there? [Y/n]")?;
    Ok(is_yes(answer.as_deref()))
}

/// One line of the terminal, trimmed; `None` at its end.
fn ask(question: &str) -> Result<Option<String>, CliError> {
    print::note(question);
    let mut line = String::new();
    let read = io::stdin()
        .read_line(&mut line)
        .map_err(|error| CliError::new(Exit::Usage, format!("cannot read the answer: {error}")))?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}
