//! Server and key: from the command line, the environment, the file, in this order.
//!
//! | what | taken from, first found first |
//! |---|---|
//! | server | `--server`, `MODLAKE_SERVER`, the file, `http://127.0.0.1:4318` |
//! | key | `MODLAKE_API_KEY`, `MODA_API_KEY`, the file |
//!
//! The file is `~/.modlake/config.json`: `{"server": "https://…", "key": "ml_…", "hooks": {…}}`, all optional, nothing else
//! allowed. `hooks` says what `modlake hook` may let out of this laptop beyond metadata: `capture_prompts`,
//! `capture_output_snippets`, `capture_commands`, each `false` unless set; the variables of the capture policy
//! (`CODING_AGENT_CAPTURE_PROMPTS` and so on) go before it.
//! It is written whole or not at all, readable by its owner only. An empty variable counts as not set. `NO_COLOR`
//! (<https://no-color.org>) set to anything but the empty text turns colour off.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use record::secret::Secret;
use sanitize::capture::{self, Policy};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::exit::Exit;
use crate::private;

pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:4318";

/// How to come by a key.
pub(crate) const KEY_HINT: &str = "ask the server's owner for a key (`modlaked keys create --tenant NAME --scope ingest,read`), \
                                   then store it with `modlake config set --key -`, or set MODLAKE_API_KEY";

/// Everything this program reads from its environment, read once.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    pub(crate) server: Option<String>,
    pub(crate) modlake_api_key: Option<Secret>,
    pub(crate) moda_api_key: Option<Secret>,
    pub(crate) no_color: bool,
    pub(crate) home: Option<PathBuf>,
    /// Where programs are looked for.
    pub(crate) path: Option<OsString>,
    /// The user's shell.
    pub(crate) shell: Option<PathBuf>,
    /// Where zsh has its files, when not in the home folder.
    pub(crate) zdotdir: Option<PathBuf>,
    pub(crate) xdg_config_home: Option<PathBuf>,
    /// Claude Code's settings, when they are not in `~/.claude`.
    pub(crate) claude_config_dir: Option<PathBuf>,
    /// Codex's settings, when they are not in `~/.codex`.
    pub(crate) codex_home: Option<PathBuf>,
    /// Variables of telemetry, by name: an agent started in this shell takes them before its settings. They may hold keys.
    pub(crate) exported: BTreeMap<String, String>,
    /// Those of [`capture::VARIABLES`] that are set; here an empty one counts, as on the server.
    pub(crate) capture: Vec<(&'static str, String)>,
}

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(crate) fn read() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        // Bytes that are no text become replacement characters, and fail the check of what they are used for.
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            server: text("MODLAKE_SERVER"),
            modlake_api_key: text("MODLAKE_API_KEY").map(Secret::new),
            moda_api_key: text("MODA_API_KEY").map(Secret::new),
            no_color: set("NO_COLOR").is_some(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            path: set("PATH"),
            shell: set("SHELL").map(PathBuf::from),
            zdotdir: set("ZDOTDIR").map(PathBuf::from),
            xdg_config_home: set("XDG_CONFIG_HOME").map(PathBuf::from),
            claude_config_dir: set("CLAUDE_CONFIG_DIR").map(PathBuf::from),
            codex_home: set("CODEX_HOME").map(PathBuf::from),
            exported: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
                .filter(|(name, _)| name.starts_with("OTEL_") || name.contains("_TELEMETRY"))
                .collect(),
            capture: capture::VARIABLES
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?.to_string_lossy().into_owned())))
                .collect(),
        }
    }

    pub(crate) fn required_home(&self) -> Result<&Path, CliError> {
        self.home.as_deref().ok_or_else(|| CliError::new(Exit::Config, "there is no home folder").hint("set HOME"))
    }

    /// The first file of this name in the folders of `PATH`.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        let folders = std::env::split_paths(self.path.as_ref()?);
        folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).find(|file| file.is_file())
    }

    pub(crate) fn color_wanted(&self) -> bool {
        !self.no_color
    }
}

/// All variables, for what works as a shell does ([`crate::traces::setup`]). One that is no text is left out.
pub(crate) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Where a setting came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Origin {
    #[serde(rename = "--server")]
    Flag,
    #[serde(rename = "MODLAKE_SERVER")]
    ServerVariable,
    #[serde(rename = "MODLAKE_API_KEY")]
    KeyVariable,
    #[serde(rename = "MODA_API_KEY")]
    ModaKeyVariable,
    #[serde(rename = "file")]
    File,
    #[serde(rename = "default")]
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--server",
            Self::ServerVariable => "MODLAKE_SERVER",
            Self::KeyVariable => "MODLAKE_API_KEY",
            Self::ModaKeyVariable => "MODA_API_KEY",
            Self::File => "the file",
            Self::Default => "the default",
        })
    }
}

/// The settings of one run, checked.
pub(crate) struct Settings {
    /// Scheme, host, port and perhaps a path, without a slash at the end.
    pub(crate) server: String,
    pub(crate) server_from: Origin,
    pub(crate) key: Option<(Secret, Origin)>,
    pub(crate) path: PathBuf,
    pub(crate) file_exists: bool,
    /// The file holds a key that other users of this machine can read.
    pub(crate) file_is_open: bool,
    /// A program that is started without the variables of this shell finds a key too.
    pub(crate) key_is_in_file: bool,
}

impl Settings {
    pub(crate) fn load(flag: Option<&str>, environment: &Environment) -> Result<Self, CliError> {
        let path = path(environment)?;
        let file = File::load(&path)?;
        let known = file.as_ref();
        let (server, server_from) = [
            (flag, Origin::Flag),
            (environment.server.as_deref(), Origin::ServerVariable),
            (known.and_then(|file| file.server.as_deref()), Origin::File),
        ]
        .into_iter()
        .find_map(|(server, from)| server.map(|server| (server, from)))
        .unwrap_or((DEFAULT_SERVER, Origin::Default));
        let server = check_server(server).map_err(|reason| {
            CliError::new(Exit::Config, format!("the server from {server_from} {reason}"))
                .hint(format!("write it as {DEFAULT_SERVER} or https://modlake.example.com"))
        })?;

        let in_file = known.and_then(|file| file.key.clone()).map(Secret::new);
        let key = [
            (environment.modlake_api_key.clone(), Origin::KeyVariable),
            (environment.moda_api_key.clone(), Origin::ModaKeyVariable),
            (in_file.clone(), Origin::File),
        ]
        .into_iter()
        .find_map(|(key, from)| key.map(|key| (key, from)));
        if let Some((key, from)) = &key {
            check_key(key).map_err(|reason| {
                CliError::new(Exit::Config, format!("the key from {from} {reason}")).hint(KEY_HINT)
            })?;
        }
        let file_is_open = in_file.is_some() && private::is_open(&path);
        Ok(Self {
            server,
            server_from,
            key,
            file_exists: file.is_some(),
            file_is_open,
            key_is_in_file: in_file.is_some(),
            path,
        })
    }

    /// The key, for a command that cannot do without.
    pub(crate) fn required_key(&self) -> Result<&Secret, CliError> {
        self.key.as_ref().map(|(key, _)| key).ok_or_else(no_key)
    }
}

/// The key, for a program that goes on without one.
pub(crate) fn api_key(environment: &Environment) -> Option<Secret> {
    let in_file = || File::load(&path(environment).ok()?).ok()??.key.map(Secret::new);
    environment.modlake_api_key.clone().or_else(|| environment.moda_api_key.clone()).or_else(in_file)
}

/// What `modlake hook` may keep.
pub(crate) fn capture_policy(environment: &Environment) -> Result<Policy, CliError> {
    let hooks = File::load(&path(environment)?)?.and_then(|file| file.hooks).unwrap_or_default();
    Ok(policy(hooks, environment))
}

/// The same where the file cannot be read.
pub(crate) fn default_policy(environment: &Environment) -> Policy {
    policy(Hooks::default(), environment)
}

fn policy(hooks: Hooks, environment: &Environment) -> Policy {
    let Hooks { capture_prompts, capture_output_snippets, capture_commands } = hooks;
    let set = |name: &str| environment.capture.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone());
    Policy { capture_prompts, capture_output_snippets, capture_commands, ..Policy::default() }.with_environment(set)
}

pub(crate) fn no_key() -> CliError {
    CliError::new(Exit::Config, "there is no key").hint(KEY_HINT)
}

/// `~/.modlake/config.json` as it is written.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hooks: Option<Hooks>,
}

/// What hooks may let out of this laptop.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Hooks {
    pub(crate) capture_prompts: bool,
    pub(crate) capture_output_snippets: bool,
    pub(crate) capture_commands: bool,
}

impl File {
    /// `None` when there is no file.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, CliError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CliError::new(Exit::Config, format!("cannot read {}: {error}", path.display()))),
        };
        let file: Result<Self, _> = serde_json::from_slice(&bytes);
        file.map(Some).map_err(|error| {
            CliError::new(Exit::Config, format!("{} is not as it should be: {}", path.display(), told(&error)))
                .hint(r#"it should read {"server": "https://…", "key": "…"}; correct it, or remove it and use `modlake config set`"#)
        })
    }

    /// Replaces the file at once, by a rename, so that no reader ever sees half of it. A symbolic link stays one.
    pub(crate) fn save(&self, path: &Path) -> Result<(), CliError> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let text = serde_json::to_string_pretty(self).expect("texts and flags are JSON") + "\n";
        private::replace(&target, &text)
            .map_err(|error| CliError::new(Exit::Config, format!("cannot write {}: {error}", path.display())))
    }
}

pub(crate) fn path(environment: &Environment) -> Result<PathBuf, CliError> {
    let home = environment.home.as_ref().ok_or_else(|| {
        CliError::new(Exit::Config, "there is no home folder, so no ~/.modlake/config.json").hint("set HOME")
    })?;
    Ok(home.join(".modlake").join("config.json"))
}

/// The server's URL without the slash at its end, or what is wrong with it.
pub(crate) fn check_server(text: &str) -> Result<String, String> {
    let shown = text.escape_debug();
    let uri: ureq::http::Uri = text.parse().map_err(|_| format!("`{shown}` is not a URL"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(format!("`{shown}` begins neither with http:// nor with https://"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("holds a user or password; the key goes into MODLAKE_API_KEY or the file".to_owned());
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(format!("`{shown}` has no host"));
    }
    if uri.query().is_some() || text.contains('#') {
        return Err(format!("`{shown}` has something behind the path"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether the key can be sent in a header; what is wrong, without the key.
pub(crate) fn check_key(key: &Secret) -> Result<(), &'static str> {
    let text = key.reveal();
    if text.is_empty() {
        Err("is empty")
    } else if text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(())
    } else {
        Err("holds a space, a line break or a character outside of ASCII")
    }
}

/// serde's message names fields and places; but a message on a wrong type quotes the value, which may be a key.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("invalid type") || text.starts_with("invalid value") {
        format!("a value that is not text at line {} column {}", error.line(), error.column())
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
