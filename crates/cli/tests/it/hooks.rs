//! `modlake hooks` and `modlake init`, on a home folder of their own.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Laptop;
use crate::server::{Answer, Server};

const KEY: &str = "ml_SECRET123";

fn laptop() -> Laptop {
    Laptop::new().with("MODLAKE_SERVER", "http://127.0.0.1:4318").with("MODLAKE_API_KEY", KEY)
}

impl Laptop {
    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().expect("a folder")).expect("a folder");
        fs::write(self.path(name), text).expect("a file");
    }

    fn get(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.get(name)).expect("JSON")
    }

    /// A program that prints `text`, on a `PATH` of its own.
    #[cfg(unix)]
    fn with_program(self, name: &str, text: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;

        self.put(&format!("bin/{name}"), &format!("#!/bin/sh\necho '{text}'\n"));
        fs::set_permissions(self.path(&format!("bin/{name}")), fs::Permissions::from_mode(0o755)).expect("a mode");
        let path = self.path("bin").display().to_string();
        self.with("PATH", &path)
    }

    /// Runs and checks that no word of it holds the key.
    fn quietly(&self, args: &[&str]) -> crate::Ran {
        let ran = self.run(args);
        assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "{} {}", ran.out, ran.err);
        ran
    }
}

#[test]
fn install_status_uninstall() {
    let laptop = laptop();
    laptop.put(".claude/settings.json", "{\n  // mine\n  \"model\": \"opus\"\n}\n");
    let ran = laptop.quietly(&["hooks", "install", "--agent", "all"]);
    ran.printed("");
    assert!(ran.err.contains("/hooks") && ran.err.contains("modlake config set --key -"), "{}", ran.err);
    assert!(laptop.get(".claude/settings.json").contains("// mine"));
    let hooks = laptop.json(".codex/hooks.json");
    let command = hooks["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().expect("a command");
    assert!(command.starts_with('/') || command.starts_with('\''), "{command}");
    assert!(command.ends_with("modlake hook --agent codex"), "{command}");

    let files = [".claude/settings.json", ".codex/hooks.json", ".codex/config.toml", ".cursor/hooks.json"];
    let before: Vec<String> = files.iter().map(|file| laptop.get(file)).collect();
    let again = laptop.quietly(&["hooks", "install", "--agent", "all"]);
    assert_eq!(again.err.matches("nothing to change").count(), 3, "{}", again.err);
    assert_eq!(before, files.map(|file| laptop.get(file)));

    let status = laptop.quietly(&["hooks", "status", "--json"]);
    let told: Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!((status.code, &told["ok"]), (Some(0), &json!(true)), "{told}");
    assert_eq!(told["agents"][0]["exporter"]["signals"], json!(["logs", "traces", "metrics"]));
    assert_eq!(told["agents"][1]["exporter"]["key"], "same");

    laptop.quietly(&["hooks", "uninstall"]).printed("");
    assert_eq!(laptop.get(".claude/settings.json"), "{\n  // mine\n  \"model\": \"opus\"\n}\n");
    assert!(files[1..].iter().all(|file| !laptop.path(file).exists()));
    assert!(!laptop.path(".modlake/installed.json").exists());
    assert_eq!(laptop.quietly(&["hooks", "status"]).code, Some(1));
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let laptop = laptop();
    laptop.put(".codex/config.toml", "model = \"x\"\nexperimental_bearer_token = \"sk-other\"\n");
    let ran = laptop.quietly(&["hooks", "install", "--agent", "codex", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for line in ["+[otel]", "+exporter = ", "Bearer ***", "hook --agent codex"] {
        assert!(ran.out.contains(line), "no `{line}` in {}", ran.out);
    }
    assert!(!ran.out.contains("sk-other"), "{}", ran.out);
    assert!(!laptop.path(".codex/hooks.json").exists() && !laptop.path(".modlake").exists());

    laptop.quietly(&["hooks", "install", "--agent", "codex"]);
    let installed = laptop.get(".codex/config.toml");
    let ran = laptop.quietly(&["hooks", "uninstall", "--agent", "codex", "--dry-run"]);
    assert!(ran.out.contains("-[otel]") && ran.out.contains("+++ /dev/null"), "{}", ran.out);
    assert_eq!(laptop.get(".codex/config.toml"), installed);
}

#[test]
fn a_refused_file_does_not_keep_the_other_agents_from_being_set_up() {
    let laptop = laptop();
    laptop.put(".claude/settings.json", "{\"env\": ");
    let ran = laptop.quietly(&["hooks", "install", "--agent", "all"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("settings.json is not JSON: line 1") && ran.err.contains("hint: "), "{}", ran.err);
    assert_eq!(laptop.get(".claude/settings.json"), "{\"env\": ");
    assert!(laptop.path(".cursor/hooks.json").exists());
    let status = laptop.quietly(&["hooks", "status"]);
    assert!(status.code == Some(1) && status.err.contains("incomplete Claude Code"), "{}", status.err);
}

#[cfg(unix)]
#[test]
fn uninstall_leaves_a_file_alone_that_holds_nothing_of_ours() {
    use std::os::unix::fs::PermissionsExt as _;

    let laptop = Laptop::new();
    laptop.put(".claude/settings.json", "{\n\t\"hooks\": {}, \"env\": { }\n}");
    fs::set_permissions(laptop.path(".claude/settings.json"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let ran = laptop.run(&["hooks", "uninstall"]);
    assert_eq!((ran.code, ran.err.matches("nothing to change").count()), (Some(0), 3), "{}", ran.err);
    assert_eq!(laptop.get(".claude/settings.json"), "{\n\t\"hooks\": {}, \"env\": { }\n}");
    let mode = fs::metadata(laptop.path(".claude/settings.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn without_a_key_nothing_is_installed() {
    let laptop = Laptop::new();
    laptop.run(&["hooks", "install"]).failed(3, &["there is no key", "hint: "]);
    assert!(!laptop.path(".claude").exists());
}

#[cfg(unix)]
#[test]
fn the_version_of_claude_code_decides_on_the_events() {
    let laptop = laptop().with_program("claude", "2.1.329 (Claude Code)");
    laptop.quietly(&["hooks", "install"]).printed("");
    let hooks = laptop.json(".claude/settings.json")["hooks"].clone();
    assert_eq!(hooks.as_object().expect("an object").len(), 22);
    // An old one would ignore all settings for one name that it does not know.
    let laptop = laptop.with_program("claude", "2.0.60 (Claude Code)");
    assert!(laptop.quietly(&["hooks", "status"]).err.contains("may not know"));
    laptop.quietly(&["hooks", "install"]).printed("");
    assert_eq!(laptop.json(".claude/settings.json")["hooks"].as_object().expect("an object").len(), 9);
    let status = laptop.quietly(&["hooks", "status", "--agent", "claude"]);
    assert!(status.code == Some(0) && status.err.contains("bin/claude 2.0.60; hooks 9 of 9"), "{}", status.err);
}

#[cfg(unix)]
#[test]
fn a_link_on_path_is_what_hooks_run() {
    let laptop = laptop();
    fs::create_dir(laptop.path("bin")).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_modlake"), laptop.path("bin/modlake")).expect("a link");
    let path = laptop.path("bin").display().to_string();
    let laptop = laptop.with("PATH", &path);
    laptop.quietly(&["hooks", "install", "--agent", "cursor"]).printed("");
    let command = laptop.json(".cursor/hooks.json")["hooks"]["stop"][0]["command"].clone();
    assert_eq!(command, format!("{path}/modlake hook --agent cursor"));
}

#[test]
fn a_projects_settings_get_hooks_and_no_key() {
    let laptop = laptop();
    laptop.put("repo/.git/HEAD", "ref: refs/heads/main\n");
    laptop.put("repo/sub/x", "");
    let run = |args: &[&str]| {
        let output = laptop.command(args).current_dir(laptop.path("repo/sub")).output().expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let (code, err) = run(&["hooks", "install", "--agent", "all", "--project"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(err.matches("its exporter").count(), 2, "{err}");
    let files = [".claude/settings.local.json", ".codex/hooks.json", ".cursor/hooks.json"];
    for file in files {
        let text = laptop.get(&format!("repo/{file}"));
        assert!(text.contains("modlake hook --agent") && !text.contains(KEY), "{file}: {text}");
    }
    assert!(!laptop.path("repo/.codex/config.toml").exists() && !laptop.path(".codex").exists());
    let (code, err) = run(&["hooks", "uninstall", "--project"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(files.iter().all(|file| !laptop.path(&format!("repo/{file}")).exists()));
}

fn server(scopes: &'static str) -> Server {
    Server::start(move |request| match request.line.as_str() {
        "GET /healthz" => Answer::new("200 OK", "text/plain", "ok"),
        "GET /api/v1/me" if request.header("authorization") == Some(&format!("Bearer {KEY}")) => {
            Answer::json("200 OK", &format!(r#"{{"tenant":"acme","scopes":[{scopes}]}}"#))
        }
        "GET /api/v1/me" => Answer::json("401 Unauthorized", r#"{"error":{"message":"unknown key"}}"#),
        other => panic!("{other}"),
    })
}

#[test]
fn init_stores_what_works_and_sets_the_agents_up() {
    let server = server(r#""ingest","read""#);
    let laptop = Laptop::new().with("MODA_API_KEY", KEY);
    let ran = laptop.quietly(&["init", "--yes", "--server", &server.url()]);
    ran.printed("");
    assert!(ran.err.contains("tenant acme") && ran.err.contains("modlake doctor"), "{}", ran.err);
    assert_eq!(laptop.json(".modlake/config.json"), json!({"server": server.url(), "key": KEY}));
    let endpoint = laptop.json(".claude/settings.json")["env"]["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"].clone();
    assert_eq!(endpoint, format!("{}/v1/otel/claude/logs", server.url()));
    assert!(laptop.path(".codex/config.toml").exists() && laptop.path(".cursor/hooks.json").exists());
}

#[test]
fn init_leaves_the_agents_alone_when_told_so() {
    let server = server(r#""ingest""#);
    let laptop = Laptop::new().with("MODLAKE_API_KEY", KEY).with("MODLAKE_SERVER", &server.url());
    laptop.quietly(&["init", "--no-coding-agent-traces"]).printed("");
    assert!(laptop.config_file().exists() && !laptop.path(".claude").exists());
}

#[test]
fn init_stores_nothing_that_does_not_work() {
    let read_only = server(r#""read""#);
    let laptop = laptop();
    laptop.run(&["init", "--yes", "--server", &read_only.url()]).failed(5, &["no scope `ingest`"]);
    laptop.run(&["init", "--yes", "--server", crate::NOBODY]).failed(4, &["hint: "]);
    laptop.run(&["init"]).failed(2, &["no terminal", "--yes", "--no-coding-agent-traces"]);
    Laptop::new().run(&["init", "--yes"]).failed(3, &["there is no key"]);
    let wrong = Laptop::new().with("MODLAKE_API_KEY", "ml_wrong");
    wrong.run(&["init", "--yes", "--server", &read_only.url()]).failed(5, &["unknown key"]);
    for laptop in [laptop, wrong] {
        assert!(!laptop.path(".modlake").exists() && !laptop.path(".claude").exists());
    }
}
