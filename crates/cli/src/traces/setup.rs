//! What goes where: variables of the environment, `modsh.env`, `telemetry.env`.
//!
//! | variable | default | says |
//! |---|---|---|
//! | `MODERNE_CLI_WRAPPER_CONFIG` | `modsh.env` beside the program as it was called | the first file |
//! | `MODERNE_TELEMETRY_CONFIG` | `telemetry.env` in `MODERNE_CLI_HOME` | the second file; what the first one sets goes before it |
//! | `MODERNE_CLI_HOME` | `$MODERNE_HOME/cli`, else `~/.moderne/cli` | the home of `mod` |
//! | `MODERNE_CLI_TELEMETRY_DIR` | `$MODERNE_CLI_HOME/trace` | where `mod` leaves trace files |
//! | `MOD_JAR` | `mod.jar` beside the program | what is run, when it is there |
//! | `BI_ENDPOINT` | modlaked, once `modlake init` has named one | where trace files go |
//! | `BI_ORG` | none | the first part of their keys in a bucket or folder |
//! | `BI_AUTH_USER`, `BI_AUTH_PASS` | none | Basic authentication at an HTTP endpoint |
//! | `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, `PROXY_USER`, `PROXY_PASS` | none | the way there |
//! | `MODLAKE_UPLOAD` | `wait` where `CI` is set, else `background` | whether `modlake exec` waits for the upload; `off` sends nothing |
//! | `MODLAKE_KEY_LAYOUT` | `org` | `org`: `org=…/type=…/…`; `tenant`: `tenant=…/source=cli/type=…/…` |
//! | `MODLAKE_KEY_DATE` | `command` | `command`: the command's own time, in UTC; `upload`: the local date of the upload |
//! | `MODLAKE_KEY_HOUR` | `false` | `true`: keys have `hour=HH` behind the day |
//!
//! A file's value goes before the environment's, as it does in a shell that sources the file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{self, Environment};
use crate::traces::shell::Variables;

#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// What holds after the files.
    pub(crate) variables: Variables,
    /// What held before.
    environment: Variables,
    /// The files that were read.
    pub(crate) files: Vec<PathBuf>,
    /// What is wrong with them: `file:line: …`.
    pub(crate) warnings: Vec<String>,
    /// The `modsh.env` that was asked for, whether it is there or not.
    pub(crate) wrapper_config: Option<PathBuf>,
    pub(crate) cli_home: PathBuf,
    pub(crate) queue: PathBuf,
    pub(crate) mod_jar: Option<PathBuf>,
}

/// The values of `MODLAKE_UPLOAD`.
const UPLOADS: [&str; 3] = ["wait", "background", "off"];

/// Whether `modlake exec` waits for the upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upload {
    Wait,
    Background,
    Off,
}

impl Setup {
    /// `beside`: folders in which `modsh.env` and `mod.jar` may lie, the first one first. `remembered`: the file that was
    /// used last, for when there is none.
    pub(crate) fn load(environment: &Environment, beside: &[PathBuf], remembered: Option<&Path>) -> Self {
        let before = Variables::exported(config::variables());
        let mut setup = Self { variables: before.clone(), environment: before, ..Self::default() };
        let named = setup.path("MODERNE_CLI_WRAPPER_CONFIG");
        let found = || beside.iter().map(|folder| folder.join("modsh.env")).find(|file| file.is_file());
        setup.wrapper_config = named.or_else(found).or_else(|| remembered.map(Path::to_path_buf));
        if let Some(file) = setup.wrapper_config.clone() {
            let mut variables = setup.variables.clone();
            setup.read(&file, &mut variables);
            setup.variables = variables;
        }
        let mut second = setup.variables.clone();
        let file =
            setup.path("MODERNE_TELEMETRY_CONFIG").unwrap_or_else(|| setup.home(environment).join("telemetry.env"));
        setup.read(&file, &mut second);
        setup.take_second(second);
        setup.cli_home = setup.home(environment);
        setup.queue = setup.path("MODERNE_CLI_TELEMETRY_DIR").unwrap_or_else(|| setup.cli_home.join("trace"));
        let jars = beside.iter().map(|folder| folder.join("mod.jar"));
        if let Some(upload) = setup.get("MODLAKE_UPLOAD").filter(|upload| !UPLOADS.contains(upload)) {
            let warning = format!("MODLAKE_UPLOAD is {upload:?}, and not one of {}", UPLOADS.join(", "));
            setup.warnings.push(warning);
        }
        setup.mod_jar = setup.path("MOD_JAR").into_iter().chain(jars).find(|jar| jar.is_file());
        setup
    }

    fn read(&mut self, file: &Path, variables: &mut Variables) {
        match fs::read(file) {
            Ok(bytes) => {
                let troubles = variables.read(&String::from_utf8_lossy(&bytes));
                let told = troubles.iter().map(|trouble| format!("{}:{}: {trouble}", file.display(), trouble.line));
                self.warnings.extend(told);
                self.files.push(file.to_path_buf());
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => self.warnings.push(format!("cannot read {}: {error}", file.display())),
        }
    }

    /// What the second file says, unless the first one said it.
    fn take_second(&mut self, mut second: Variables) {
        let is_set = |name: &str, value: &str| self.environment.value(name) != Some(value);
        for (name, _) in self.variables.iter().filter(|(name, value)| is_set(name, value)) {
            second.copy(name, &self.variables);
        }
        self.variables = second;
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    fn home(&self, environment: &Environment) -> PathBuf {
        let moderne = self.path("MODERNE_HOME").map(|home| home.join("cli"));
        let default = || environment.home.clone().unwrap_or_default().join(".moderne").join("cli");
        self.path("MODERNE_CLI_HOME").or(moderne).unwrap_or_else(default)
    }

    /// What the files change for a program that is started.
    pub(crate) fn exported(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.changes(&self.environment)
    }

    pub(crate) fn upload(&self) -> Upload {
        match self.get("MODLAKE_UPLOAD") {
            Some("wait") => Upload::Wait,
            Some("off") => Upload::Off,
            Some("background") => Upload::Background,
            // The machine of a CI job is gone when the job is.
            _ if self.get("CI").is_some_and(|ci| ci != "false" && ci != "0") => Upload::Wait,
            _ => Upload::Background,
        }
    }
}

#[cfg(test)]
mod tests;
