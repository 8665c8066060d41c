//! The built binary, against a small server that answers as the test says.

mod config;
mod doctor;
#[cfg(unix)]
mod exec;
mod hook;
mod hooks;
mod import;
mod server;
mod sql;
mod start;
#[cfg(unix)]
mod traces;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Port 1 is reserved and nothing listens there.
const NOBODY: &str = "http://127.0.0.1:1";

/// A home folder of its own, and nothing of the environment that the tests run in.
struct Laptop {
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What one run of the binary did.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Laptop {
    fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder"), variables: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    fn config_file(&self) -> PathBuf {
        self.home.path().join(".modlake").join("config.json")
    }

    fn spool(&self) -> PathBuf {
        self.home.path().join(".modlake").join("spool")
    }

    /// The text of a file in the spool; empty when there is none.
    fn spool_file(&self, name: &str) -> String {
        std::fs::read_to_string(self.spool().join(name)).unwrap_or_default()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_modlake"));
        command.env_clear().env("HOME", self.home.path()).envs(self.variables.iter().cloned()).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with_stdin(args, "")
    }

    fn run_with_stdin(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("the binary starts");
        // The program may end without reading: then nobody misses the rest.
        child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).ok();
        let output = child.wait_with_output().expect("the binary ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Returns once `condition` holds; fails after a time that nothing here takes.
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_mins(1), "still waiting until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Ran {
    /// Ended with `code`, printed no data, and said each of `words`.
    fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.err);
        assert_eq!(self.out, "");
        assert!(self.err.starts_with("error: "), "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in: {}", self.err);
        }
    }

    /// Ended well with this on standard output.
    fn printed(&self, out: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(0), out), "{}", self.err);
    }
}
