//! `modlake exec`: what comes between `mod` and its caller, which is nothing. A script stands in for `mod`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::server::{Answer, Server};
use crate::{Laptop, NOBODY, Ran, wait_until};

/// Leaves one trace as `mod build` does, with an id of its own.
pub(crate) const TRACE: &str = r#"
id=20260219000719-$(printf %05d $$)
folder="${MODERNE_CLI_TELEMETRY_DIR:-${MODERNE_CLI_HOME:-$HOME/.moderne/cli}/trace}/build/$id"
mkdir -p "$folder"
printf 'origin,path,branch,developer,buildStartTime,buildId,organization\r\ngithub.com,acme/a,main,,2026-02-19T00:12:22.215Z,%s,ALL\r\n' "$id" > "$folder/trace.csv"
"#;

/// A machine with a `mod`, which is this script.
pub(crate) fn with_mod(script: &str) -> Laptop {
    let laptop = Laptop::new();
    let bin = laptop.home.path().join("bin");
    program(&bin.join("mod"), &format!("#!/usr/bin/env bash\n{script}"));
    let path = format!("{}:/usr/bin:/bin", bin.display());
    laptop.with("PATH", &path)
}

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

impl Laptop {
    /// Trace files go to a folder, and the command waits until they are there.
    pub(crate) fn sending_to_folder(self) -> Self {
        let bucket = self.bucket();
        fs::create_dir_all(&bucket).expect("a folder");
        let endpoint = bucket.display().to_string();
        self.with("BI_ENDPOINT", &endpoint).with("BI_ORG", "acme").with("MODLAKE_UPLOAD", "wait")
    }

    pub(crate) fn bucket(&self) -> PathBuf {
        self.home.path().join("bucket")
    }

    /// The keys of the folder, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, keys: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    walk(&path, root, keys);
                } else {
                    keys.push(path.strip_prefix(root).expect("a path below").display().to_string());
                }
            }
        }
        let mut keys = Vec::new();
        walk(&self.bucket(), &self.bucket(), &mut keys);
        keys.sort();
        keys
    }

    pub(crate) fn exec(&self, args: &[&str]) -> Ran {
        self.run(&[&["exec", "--"], args].concat())
    }

    pub(crate) fn traces_file(&self, name: &str) -> String {
        fs::read_to_string(self.home.path().join(".modlake/traces").join(name)).unwrap_or_default()
    }
}

#[test]
fn the_exit_code_is_that_of_mod_and_a_signals_death_is_told_as_shells_do() {
    for code in [0, 1, 2, 42, 127, 255] {
        assert_eq!(with_mod(&format!("exit {code}")).exec(&["mod", "build", "."]).code, Some(code));
    }
    for (signal, code) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
        assert_eq!(with_mod(&format!("kill -{signal} $$")).exec(&["build"]).code, Some(code), "{signal}");
    }
}

#[test]
fn arguments_and_standard_files_go_through_byte_for_byte() {
    let laptop =
        with_mod("for a in \"$@\"; do printf '[%s]' \"$a\"; done; cat; printf 'to err' >&2").sending_to_folder();
    let mut child = laptop.command(&["exec", "--", "mod", "run", "", "a  b", "--help", "--", "$HOME", "*"]);
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let (mut stdin, sent) = (child.stdin.take().unwrap(), bytes.clone());
    let writer = std::thread::spawn(move || stdin.write_all(&sent).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let (arguments, rest) = output.stdout.split_at(b"[run][][a  b][--help][--][$HOME][*]".len());
    assert_eq!(arguments, b"[run][][a  b][--help][--][$HOME][*]");
    assert!(rest == bytes, "what goes in comes out");
    assert_eq!(output.stderr, b"to err");
}

#[test]
fn mod_is_the_jar_or_the_first_on_the_path_that_is_not_ours() {
    let laptop = with_mod("echo from path");
    let home = laptop.home.path().to_path_buf();
    program(&home.join("bin/java"), "#!/bin/sh\necho java \"$@\"\n");
    let jar = home.join("mod.jar");
    fs::write(&jar, "").unwrap();
    laptop.exec(&["mod", "build"]).printed("from path\n");
    let laptop = laptop.with("MOD_JAR", jar.to_str().unwrap());
    laptop.exec(&["mod", "build"]).printed(&format!("java -jar {} build\n", jar.display()));

    program(&home.join("bin/modw"), "#!/bin/sh\necho modw \"$@\"\n");
    laptop.exec(&["modw", "build"]).printed("modw build\n");

    let laptop = with_mod("echo real");
    laptop.exec(&["modw", "build"]).printed("real\n");
    let ours = laptop.home.path().join("ours");
    program(&ours.join("mod"), "#!/bin/sh\n# modlake's\nexec \"/opt/modlake\" exec -- mod \"$@\"\n");
    let linked = laptop.home.path().join("linked");
    fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_modlake"), linked.join("mod")).unwrap();
    let path = format!("{}:{}:{}/bin:/usr/bin:/bin", ours.display(), linked.display(), laptop.home.path().display());
    laptop.with("PATH", &path).exec(&["mod", "x"]).printed("real\n");
}

#[test]
fn a_mod_without_an_interpreter_is_run_as_shells_do() {
    let laptop = with_mod("");
    let file = laptop.home.path().join("bin/mod");
    program(&file, "echo \"$1\" \"$FROM\"\nexit 5\n");
    let laptop = laptop.with("FROM", "here");
    let ran = laptop.exec(&["mod", "a b"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), "a b here\n"), "{}", ran.err);
    program(&file, "\u{7f}ELF\0no program");
    let ran = laptop.exec(&["mod"]);
    assert_eq!((ran.code, ran.err.contains("cannot run")), (Some(126), true), "{}", ran.err);
}

#[test]
fn without_mod_the_script_s_words_are_said() {
    let laptop = Laptop::new().with("PATH", "/nowhere");
    let ran = laptop.exec(&["mod", "build", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert_eq!(
        ran.err,
        "Error: Moderne CLI not found.\nSet MOD_JAR to the path of your mod.jar, or ensure mod is on your PATH.\n"
    );
}

#[test]
fn wrappers_that_call_each_other_end() {
    let laptop = with_mod("\"$WRAPPER\" exec -- mod \"$@\"").with("WRAPPER", env!("CARGO_BIN_EXE_modlake"));
    let ran = laptop.exec(&["mod", "build"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("calls itself"), "{}", ran.err);
}

#[test]
fn as_mod_sh_it_reads_modsh_env_beside_it() {
    let laptop = with_mod(&format!("echo \"$EXPORTED $*\"\n{TRACE}"));
    let folder = laptop.home.path().join("tools");
    fs::create_dir(&folder).unwrap();
    fs::create_dir(laptop.bucket()).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_modlake"), folder.join("mod.sh")).unwrap();
    let config = format!(
        "BI_ENDPOINT={}\nBI_ORG=\"my-company\"\nexport EXPORTED=yes\nMODLAKE_UPLOAD=wait\nrm -rf /nowhere\n",
        laptop.bucket().display()
    );
    fs::write(folder.join("modsh.env"), config).unwrap();
    let mut command = Command::new(folder.join("mod.sh"));
    command.env_clear().env("HOME", laptop.home.path()).envs(laptop.variables.iter().cloned()).args(["build", "."]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "yes build .\n");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("modsh.env:5: this is no assignment"), "{err}");
    let keys = laptop.keys();
    assert_eq!(keys.len(), 1, "{err}");
    assert!(keys[0].starts_with("org=my-company/type=build/year=2026/month=02/day=19/20260219000719-"), "{keys:?}");
    // Found on PATH, it has no folder in its name.
    let path = format!("{}:{}", folder.display(), laptop.variables[0].1);
    command = Command::new("/bin/sh");
    command.env_clear().env("HOME", laptop.home.path()).env("PATH", path).args(["-c", "mod.sh build ."]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "yes build .\n");
    assert_eq!(laptop.keys().len(), 2, "{}", String::from_utf8_lossy(&output.stderr));
    // A command that is not called through the link knows where its settings are.
    let status: serde_json::Value = serde_json::from_str(&laptop.run(&["traces", "status", "--json"]).out).unwrap();
    assert_eq!(
        (&status["sent"], &status["files"][0]),
        (&2.into(), &folder.join("modsh.env").display().to_string().into())
    );
}

#[test]
fn the_lines_are_those_of_the_script() {
    let ran = with_mod(TRACE).sending_to_folder().exec(&["mod", "build", "."]);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.err);
    let name = lines[0].strip_prefix("[telemetry] Uploading ").and_then(|rest| rest.strip_suffix(" to a folder..."));
    assert!(name.unwrap().starts_with("20260219000719-"), "{}", ran.err);
    assert_eq!(lines[1], format!("[telemetry] Uploaded: {}", name.unwrap()));

    let laptop = with_mod(TRACE).with("BI_ENDPOINT", "s3://bucket");
    let ran = laptop.exec(&["mod", "build", "."]);
    assert_eq!(ran.err, "[telemetry] Warning: BI_ORG is not set. Skipping telemetry upload.\n");
    assert_eq!(with_mod(TRACE).exec(&["mod", "build", "."]).err, "", "nothing is configured");
}

#[test]
fn what_goes_wrong_with_telemetry_is_one_line_and_changes_nothing() {
    let fails = |laptop: &Laptop, words: &[&str]| {
        let ran = laptop.exec(&["mod", "build", "."]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(9), "out\n"));
        let warnings: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("[telemetry] Warning: ")).collect();
        assert_eq!(warnings.len(), 1, "{}", ran.err);
        for word in words {
            assert!(warnings[0].contains(word), "no `{word}` in {}", warnings[0]);
        }
    };
    let script = format!("{TRACE}\necho out\nexit 9");
    // The server is dead.
    let dead = with_mod(&script).with("BI_ENDPOINT", &format!("{NOBODY}/in")).with("MODLAKE_UPLOAD", "wait");
    fails(&dead, &["Failed to upload 20260219000719-", "127.0.0.1"]);
    let dead = with_mod(&script).with("BI_ENDPOINT", "s3://b").with("BI_ORG", "a").with("MODLAKE_UPLOAD", "wait");
    let dead = dead.with("AWS_ENDPOINT_URL", NOBODY).with("AWS_ACCESS_KEY_ID", "x").with("AWS_SECRET_ACCESS_KEY", "y");
    fails(&dead, &["Failed to upload", "s3://b"]);
    // The folder is not there.
    let gone = with_mod(&script).sending_to_folder();
    fs::remove_dir(gone.bucket()).unwrap();
    fails(&gone, &["is no folder"]);
    // The disk is full as soon as something is to be remembered: nothing is sent.
    let full = with_mod(&script).sending_to_folder();
    let state = full.home.path().join(".modlake/traces");
    fs::create_dir_all(&state).unwrap();
    std::os::unix::fs::symlink("/dev/full", state.join("sent.ndjson")).unwrap();
    fails(&full, &["No space left"]);
    assert_eq!(full.keys(), Vec::<String>::new());
    // There is no place to remember anything.
    let blocked = with_mod(&script).sending_to_folder();
    fs::write(blocked.home.path().join(".modlake"), "").unwrap();
    fails(&blocked, &["cannot use"]);
    // The file is no CSV; told once.
    let broken =
        with_mod("mkdir -p ~/.moderne/cli/trace/run; echo '<html>' > ~/.moderne/cli/trace/run/1.csv; echo out; exit 9");
    let broken = broken.sending_to_folder();
    fails(&broken, &["Failed to upload 1.csv"]);
    assert_eq!(broken.keys(), Vec::<String>::new());
}

/// As in containers whose user has no home of its own.
#[test]
#[cfg(target_os = "linux")]
fn a_home_that_may_not_be_written_to_loses_no_trace() {
    let laptop = with_mod(TRACE).sending_to_folder();
    let cli_home = laptop.home.path().join("moderne");
    let laptop = laptop.with("MODERNE_CLI_HOME", cli_home.to_str().unwrap()).with("HOME", "/sys");
    for sent in 1..=2 {
        let ran = laptop.exec(&["mod", "build"]);
        assert_eq!((laptop.keys().len(), ran.err.matches("Uploaded: ").count()), (sent, 1), "{}", ran.err);
    }
    assert!(cli_home.join(".modlake-traces/sent.ndjson").is_file());
    let status = laptop.run(&["traces", "status"]);
    assert!(status.out.contains("0 waiting, 2 sent"), "{}", status.out);
}

#[test]
fn in_the_background_a_failure_is_told_by_the_next_command_once() {
    let laptop = with_mod(&format!("[ \"$1\" = build ] || exit 0\n{TRACE}"));
    let laptop = laptop.with("BI_ENDPOINT", &format!("{NOBODY}/in"));
    let first = laptop.exec(&["mod", "build"]);
    assert!(
        first.err.starts_with("[telemetry] Uploading 20260219000719-") && first.err.lines().count() == 1,
        "{}",
        first.err
    );
    wait_until("the upload has failed", || laptop.traces_file("status.json").contains("\"is_news\":true"));
    assert!(laptop.traces_file("upload.log").contains("Warning: Failed to upload"));
    let second = laptop.exec(&["mod", "--version"]);
    assert!(second.err.starts_with("[telemetry] Warning: Failed to upload 20260219000719-"), "{}", second.err);

    wait_until("the upload has failed again", || laptop.traces_file("status.json").contains("\"is_news\":true"));
    wait_until("nobody is sending", || laptop.traces_file("send.lease").is_empty());

    // Now there is somebody.
    let server = Server::start(|_| Answer::json("200 OK", "{}"));
    let laptop = laptop.with("BI_ENDPOINT", &format!("{}/in", server.url()));
    laptop.exec(&["mod", "--version"]);
    wait_until("the leftover is sent", || server.requests().len() == 1);
    assert_eq!(server.requests()[0].header("x-event-type"), Some("build"));
}

#[test]
fn a_file_system_whose_clock_is_behind_hides_nothing() {
    let script = format!("{TRACE}\ntouch -d '1 hour ago' \"$folder/trace.csv\"");
    let laptop = with_mod(&script).sending_to_folder();
    for sent in 1..=3 {
        let ran = laptop.exec(&["mod", "build"]);
        assert_eq!(laptop.keys().len(), sent, "{}", ran.err);
        assert_eq!(ran.err.matches("Uploaded: ").count(), 1, "{}", ran.err);
    }
}

#[test]
fn sigterm_is_sent_on_and_sigint_too_when_it_is_for_us() {
    for (signal, name) in [("TERM", 15), ("INT", 2), ("HUP", 1), ("USR1", 10)] {
        let laptop = with_mod(&format!(
            "trap 'echo got; exit {}' {signal}\necho ready\nwhile :; do sleep 0.05; done",
            40 + name
        ));
        let mut child = laptop.command(&["exec", "--", "mod", "x"]).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut line = [0; 6];
        out.read_exact(&mut line).unwrap();
        let killed = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = child.wait().unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!((status.code(), rest.as_str()), (Some(40 + name), "got\n"), "{signal}");
    }
}

#[test]
fn what_was_ignored_stays_ignored() {
    let laptop = with_mod("kill -HUP $$; kill -INT $$; echo alive");
    let modlake = env!("CARGO_BIN_EXE_modlake");
    let mut shell = Command::new("bash");
    shell.env_clear().env("HOME", laptop.home.path()).envs(laptop.variables.iter().cloned());
    let output = shell.args(["-c", &format!("trap '' HUP INT; exec {modlake} exec -- mod x")]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"alive\n"[..]));
}

/// Runs a bash line on a terminal of its own, and types into it.
fn on_terminal(laptop: &Laptop, line: &str, typed: &[(&str, &str)]) -> (String, std::process::ExitStatus) {
    let mut script = Command::new("script");
    script.env_clear().env("HOME", laptop.home.path()).envs(laptop.variables.iter().cloned()).env("SHELL", "/bin/bash");
    script.args(["-qefc", line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.spawn().expect("script of util-linux");
    let (mut keyboard, mut screen) =
        (child.stdin.take().expect("a terminal"), child.stdout.take().expect("a terminal"));
    let mut seen = String::new();
    for (awaited, keys) in typed {
        while !seen.contains(awaited) {
            let mut bytes = [0; 256];
            let read = screen.read(&mut bytes).expect("a terminal");
            assert!(read > 0, "the terminal is gone, no `{awaited}` in {seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        keyboard.write_all(keys.as_bytes()).expect("a terminal");
    }
    screen.read_to_string(&mut seen).ok();
    drop(keyboard);
    (seen, child.wait().expect("a terminal"))
}

#[test]
fn on_a_terminal_mod_has_it_and_control_c_comes_once() {
    let script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo is-terminal\ntrap 'n=$((n+1)); echo interrupted-$n' INT\necho ready\nwhile [ -z \"$n\" ]; do sleep 0.05; done\nsleep 0.3\necho count-$n\nexit 33";
    let laptop = with_mod(script);
    let line = format!("{} exec -- mod x", env!("CARGO_BIN_EXE_modlake"));
    let (seen, status) = on_terminal(&laptop, &line, &[("ready", "\u{3}")]);
    assert!(seen.contains("is-terminal") && seen.contains("count-1"), "{seen}");
    assert_eq!((status.code(), status.signal()), (Some(33), None), "{seen}");
}

#[test]
fn control_z_stops_both_and_fg_goes_on() {
    let laptop =
        with_mod("echo ready; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo done-$(jobs | wc -l); exit 21");
    let line = format!(
        "set -m; {} exec -- mod x; echo stopped-$?; ps -o stat= -p $(pgrep -P $(jobs -p)) | cut -c1; touch ~/go; fg >/dev/null; echo ended-$?",
        env!("CARGO_BIN_EXE_modlake")
    );
    let (seen, _) = on_terminal(&laptop, &format!("bash -c '{line}'"), &[("ready", "\u{1a}")]);
    assert!(seen.contains("stopped-148") && seen.contains("ended-21"), "{seen}");
}

#[test]
fn the_alias_is_put_into_the_profile_and_taken_out_again() {
    let laptop = with_mod("echo \"real $*\"").with("SHELL", "/bin/bash");
    let profile = laptop.home.path().join(".bashrc");
    fs::write(&profile, "export A=1\n").unwrap();
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o644)).unwrap();
    let dry = laptop.run(&["exec", "--install-alias", "--dry-run"]);
    assert!(dry.out.contains("+alias mod="), "{}", dry.out);
    assert_eq!(fs::read_to_string(&profile).unwrap(), "export A=1\n");
    assert_eq!(laptop.run(&["exec", "--install-alias"]).code, Some(0));
    let installed = fs::read_to_string(&profile).unwrap();
    assert_eq!(laptop.run(&["exec", "--install-alias"]).code, Some(0));
    assert_eq!(fs::read_to_string(&profile).unwrap(), installed);
    assert_eq!(fs::metadata(&profile).unwrap().permissions().mode() & 0o777, 0o644);

    let mut shell = Command::new("bash");
    shell.env_clear().env("HOME", laptop.home.path()).envs(laptop.variables.iter().cloned());
    let line = format!("shopt -s expand_aliases; . {}\nmod build 'a b'", profile.display());
    let output = shell.args(["--norc", "-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "real build a b\n");

    assert_eq!(laptop.run(&["exec", "--uninstall-alias"]).code, Some(0));
    assert_eq!(fs::read_to_string(&profile).unwrap(), "export A=1\n");
    laptop.run(&["exec"]).failed(2, &["COMMAND"]);
}
