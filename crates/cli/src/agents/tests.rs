mod texts;

use std::fs;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::Settings;
use texts::Choices;

/// A home folder, the configuration in it, and what is to be installed.
struct Laptop {
    home: tempfile::TempDir,
    environment: Environment,
    installed: Installed,
}

impl Laptop {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let environment = Environment {
            home: Some(home.path().to_path_buf()),
            modlake_api_key: Some(Secret::new("ml_SECRET")),
            ..Environment::default()
        };
        Self { home, environment, installed: Installed::default() }
    }

    fn with(path: &str, text: &str) -> Self {
        let laptop = Self::new();
        laptop.write(path, text);
        laptop
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.home.path().join(path)).ok()
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            program: self.program(),
            server: "https://lake.example.com".to_owned(),
            key: Secret::new("ml_SECRET"),
            log_prompts: false,
            log_tool_details: false,
        }
    }

    /// A modlake that can be run, and is not ours to run here.
    fn program(&self) -> String {
        let path = self.home.path().join("bin/modlake");
        if !path.exists() {
            self.write("bin/modlake", "");
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        path.display().to_string()
    }

    fn install_as(&mut self, agent: Agent, wanted: &Wanted) -> Result<Plan, CliError> {
        let plan = install(agent, &Scope::User, wanted, &self.environment, &mut self.installed)?;
        for change in &plan.changes {
            change.original.replace(&change.content, true)?;
        }
        Ok(plan)
    }

    fn install(&mut self, agent: Agent) -> Plan {
        let wanted = self.wanted();
        self.install_as(agent, &wanted).unwrap()
    }

    fn uninstall(&mut self, agent: Agent) -> Plan {
        let plan = uninstall(agent, &Scope::User, &self.environment, &mut self.installed).unwrap();
        for change in &plan.changes {
            change.original.replace(&change.content, false).unwrap();
            change.original.drop_needless_backup();
        }
        plan
    }

    fn state(&self, agent: Agent) -> AgentState {
        let settings = Settings::load(Some("https://lake.example.com"), &self.environment).unwrap();
        check(agent, &Scope::User, &settings, &self.environment)
    }
}

const CLAUDE: &str = ".claude/settings.json";
const CODEX: &str = ".codex/config.toml";
const CODEX_HOOKS: &str = ".codex/hooks.json";
const CURSOR: &str = ".cursor/hooks.json";

/// Comments, tabs, hooks of others, a trailing comma and no end of the last line.
const SETTINGS: &str = r#"{
	// what I like
	"model": "opus",
	"permissions": { "allow": ["Bash(ls:*)",], "deny": [] },
	"hooks": {
		"PreToolUse": [
			{ "matcher": "Bash", "hooks": [{ "type": "command", "command": "~/bin/check.sh" }] } // mine
		],
		"Stop": [],
	},
	"env": {
		"ANTHROPIC_MODEL": "x", /* keep */
		"OTEL_RESOURCE_ATTRIBUTES": "repo=acme"
	}
}"#;

fn claude(laptop: &Laptop) -> serde_json::Value {
    serde_json::from_str(&laptop.read(CLAUDE).unwrap()).unwrap()
}

#[test]
fn claude_code_gets_hooks_and_the_variables_of_its_exporter() {
    let mut laptop = Laptop::new();
    laptop.install(Agent::Claude);
    let settings = claude(&laptop);
    assert_eq!(
        settings["env"],
        json!({
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json",
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://lake.example.com/v1/otel/claude/logs",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://lake.example.com/v1/otel/claude/traces",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "https://lake.example.com/v1/otel/claude/metrics",
            "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer ml_SECRET",
        })
    );
    let command = format!("{} hook --agent claude", laptop.program());
    assert_eq!(
        settings["hooks"]["PostToolUse"],
        json!([{"matcher": "*", "hooks": [{"type": "command", "command": command, "timeout": 5}]}])
    );
    assert!(settings["hooks"]["Stop"][0].get("matcher").is_none());
    assert_eq!(laptop.state(Agent::Claude).verdict, Verdict::Ok);
}

#[test]
fn codex_gets_hooks_without_env_and_an_otel_table() {
    let mut laptop = Laptop::with(
        CODEX,
        "model = \"gpt-5.5\" # fast\n\n[otel]\nenvironment = \"staging\"\nexporter = \"none\" # off\n",
    );
    let plan = laptop.install(Agent::Codex);
    assert!(plan.notes.iter().any(|note| note.contains("/hooks")), "{plan:?}");
    assert!(plan.notes.iter().any(|note| note.contains("otel.exporter had another value")), "{plan:?}");
    let exporter = |signal: &str| {
        format!(
            "{{ otlp-http = {{ endpoint = \"https://lake.example.com/v1/otel/codex/{signal}\", protocol = \"binary\", \
             headers = {{ authorization = \"Bearer ml_SECRET\" }} }} }}"
        )
    };
    let expected = format!(
        "model = \"gpt-5.5\" # fast\n\n[otel]\nenvironment = \"staging\"\nexporter = {} # off\ntrace_exporter = {}\n\
         metrics_exporter = {}\n",
        exporter("logs"),
        exporter("traces"),
        exporter("metrics")
    );
    assert_eq!(laptop.read(CODEX).unwrap(), expected);
    let hooks: serde_json::Value = serde_json::from_str(&laptop.read(CODEX_HOOKS).unwrap()).unwrap();
    assert_eq!(hooks.as_object().unwrap().len(), 1, "nothing but `hooks`, or Codex rejects the file");
    assert_eq!(hooks["hooks"].as_object().unwrap().len(), 12);
    assert_eq!(laptop.state(Agent::Codex).verdict, Verdict::Ok);
}

#[test]
fn cursor_gets_version_1_and_no_key() {
    let mut laptop = Laptop::new();
    laptop.install(Agent::Cursor);
    let text = laptop.read(CURSOR).unwrap();
    assert!(!text.contains("SECRET"));
    let hooks: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(hooks["version"], 1);
    let command = format!("{} hook --agent cursor", laptop.program());
    assert_eq!(hooks["hooks"]["postToolUse"], json!([{"command": command}]));
    assert_eq!(laptop.state(Agent::Cursor).verdict, Verdict::Ok);
}

#[test]
fn what_others_wrote_stays_byte_for_byte() {
    let mut laptop = Laptop::with(CLAUDE, SETTINGS);
    laptop.install(Agent::Claude);
    let text = laptop.read(CLAUDE).unwrap();
    for line in SETTINGS.lines().filter(|line| !["\t}", "\t\t\"Stop\": [],"].contains(line)) {
        let line = if line.contains("RESOURCE_ATTRIBUTES") { format!("{line},") } else { line.to_owned() };
        let line = line.replace("}] } // mine", "}] }, // mine");
        assert!(text.lines().any(|found| found == line), "{line:?} is not in {text}");
    }
    assert!(text.ends_with('}'));
    laptop.uninstall(Agent::Claude);
    assert_eq!(laptop.read(CLAUDE).unwrap(), SETTINGS);
    assert!(laptop.read(&format!("{CLAUDE}.modlake-backup")).is_none(), "a backup of what is there again is litter");
}

#[test]
fn a_file_made_for_us_goes_with_us() {
    for (agent, path) in
        [(Agent::Claude, CLAUDE), (Agent::Codex, CODEX), (Agent::Codex, CODEX_HOOKS), (Agent::Cursor, CURSOR)]
    {
        let mut laptop = Laptop::new();
        laptop.install(agent);
        assert!(laptop.read(path).is_some());
        laptop.uninstall(agent);
        assert_eq!(laptop.read(path), None);
        assert_eq!(laptop.installed, Installed::default());
    }
}

#[test]
fn a_moved_program_replaces_the_old_one() {
    for (agent, path) in [(Agent::Claude, CLAUDE), (Agent::Codex, CODEX_HOOKS), (Agent::Cursor, CURSOR)] {
        let mut laptop = Laptop::new();
        let old = Wanted { program: "'/old place/modlake'".to_owned(), ..laptop.wanted() };
        laptop.install_as(agent, &old).unwrap();
        let state = laptop.state(agent);
        assert_eq!((state.verdict, state.hooks.installed), (Verdict::Incomplete, 0));
        assert_eq!(state.hooks.stale, [PathBuf::from("/old place/modlake")]);
        let before = laptop.read(path).unwrap();
        laptop.install(agent);
        let after = laptop.read(path).unwrap();
        assert_eq!(after, before.replace("'/old place/modlake'", &laptop.program()));
        assert_eq!(laptop.state(agent).verdict, Verdict::Ok);
    }
}

#[test]
fn our_hook_twice_becomes_once() {
    let mut laptop = Laptop::new();
    laptop.install(Agent::Claude);
    let once = laptop.read(CLAUDE).unwrap();
    let mut settings = claude(&laptop);
    let group = settings["hooks"]["Stop"][0].clone();
    settings["hooks"]["Stop"].as_array_mut().unwrap().push(group);
    laptop.write(CLAUDE, &settings.to_string());
    laptop.install(Agent::Claude);
    assert_eq!(claude(&laptop), serde_json::from_str::<serde_json::Value>(&once).unwrap());
}

#[test]
fn a_new_server_and_key_are_refreshed_without_a_word() {
    for agent in [Agent::Claude, Agent::Codex] {
        let mut laptop = Laptop::new();
        laptop.install(agent);
        let path = if agent == Agent::Claude { CLAUDE } else { CODEX };
        let before = laptop.read(path).unwrap();
        let wanted = Wanted { server: "http://b:1".to_owned(), key: Secret::new("ml_NEW"), ..laptop.wanted() };
        let plan = laptop.install_as(agent, &wanted).unwrap();
        assert!(!plan.notes.iter().any(|note| note.contains("another value")), "{:?}", plan.notes);
        let after = laptop.read(path).unwrap();
        assert_eq!(after, before.replace("https://lake.example.com", "http://b:1").replace("ml_SECRET", "ml_NEW"));
        let state = laptop.state(agent);
        let exporter = state.exporter.unwrap();
        assert_eq!((exporter.key, exporter.elsewhere.len()), (KeyState::Other, 3));
    }
}

#[test]
fn prompts_follow_the_flag_unless_the_user_set_them() {
    let mut laptop = Laptop::new();
    let loud = Wanted { log_prompts: true, log_tool_details: true, ..laptop.wanted() };
    laptop.install_as(Agent::Claude, &loud).unwrap();
    laptop.install_as(Agent::Codex, &loud).unwrap();
    let exporter = laptop.state(Agent::Claude).exporter.unwrap();
    assert!(exporter.log_prompts && exporter.log_tool_details);
    assert!(laptop.state(Agent::Codex).exporter.unwrap().log_prompts);
    laptop.install(Agent::Claude);
    laptop.install(Agent::Codex);
    let exporter = laptop.state(Agent::Claude).exporter.unwrap();
    assert!(!exporter.log_prompts && !exporter.log_tool_details);
    assert!(!laptop.state(Agent::Codex).exporter.unwrap().log_prompts);

    let mut laptop = Laptop::with(CLAUDE, r#"{"env": {"OTEL_LOG_USER_PROMPTS": "1"}}"#);
    laptop.write(CODEX, "[otel]\nlog_user_prompt = true\n");
    for agent in [Agent::Claude, Agent::Codex] {
        let plan = laptop.install(agent);
        assert!(plan.notes.iter().any(|note| note.contains("stays")), "{:?}", plan.notes);
        assert!(laptop.state(agent).exporter.unwrap().log_prompts);
        laptop.uninstall(agent);
    }
    assert_eq!(laptop.read(CLAUDE).unwrap(), r#"{"env": {"OTEL_LOG_USER_PROMPTS": "1"}}"#);
    assert_eq!(laptop.read(CODEX).unwrap(), "[otel]\nlog_user_prompt = true\n");
}

#[test]
fn a_lost_note_loses_nothing_but_the_users_flags() {
    let mut laptop = Laptop::with(CLAUDE, "{\n  \"model\": \"x\"\n}\n");
    laptop.write(CODEX, "model = \"x\"\n");
    for (agent, path) in [(Agent::Claude, CLAUDE), (Agent::Codex, CODEX)] {
        let before = laptop.read(path);
        laptop.install(agent);
        laptop.installed = Installed::default();
        laptop.install(agent);
        laptop.installed = Installed::default();
        laptop.uninstall(agent);
        assert_eq!(laptop.read(path), before);
    }
}

#[test]
fn a_value_of_ours_that_the_user_changed_stays() {
    let mut laptop = Laptop::new();
    laptop.install(Agent::Claude);
    let text = laptop
        .read(CLAUDE)
        .unwrap()
        .replace("https://lake.example.com/v1/otel/claude/logs", "http://mine:4318/v1/logs");
    laptop.write(CLAUDE, &text);
    let plan = laptop.uninstall(Agent::Claude);
    assert!(plan.notes.iter().any(|note| note.contains("LOGS_ENDPOINT was changed")), "{:?}", plan.notes);
    assert_eq!(claude(&laptop), json!({"env": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://mine:4318/v1/logs"}}));
}

#[test]
fn files_that_are_not_understood_are_refused_with_the_place() {
    for (agent, path, text, words) in [
        (Agent::Claude, CLAUDE, "{\n  \"env\": {\"K\": \"SECRET\"\n", &["settings.json", "line"][..]),
        (Agent::Claude, CLAUDE, "{'model': 1}", &["line 1 column 2"]),
        (Agent::Claude, CLAUDE, "[]", &["does not hold an object"]),
        (Agent::Claude, CLAUDE, r#"{"hooks": []}"#, &["`hooks`", "not an object"]),
        (Agent::Claude, CLAUDE, r#"{"hooks": {"Stop": {}}}"#, &["`hooks.Stop`", "not a list"]),
        (Agent::Claude, CLAUDE, r#"{"env": "SECRET"}"#, &["`env`", "not an object"]),
        (Agent::Claude, CLAUDE, r#"{"env": {}, "env": {"A": "1"}}"#, &["`env` twice"]),
        (Agent::Claude, CLAUDE, r#"{"env": {"A": "1", "A": "SECRET"}}"#, &["`env.A` twice"]),
        (Agent::Codex, CODEX, "[otel\nx = \"SECRET\"", &["config.toml", "line 1"]),
        (Agent::Codex, CODEX, "a = 1\nkey = \"SECRET", &["line 2"]),
        (Agent::Codex, CODEX, "otel = 1\n", &["`otel`", "not a table"]),
        (Agent::Codex, CODEX, "[[otel]]\n", &["`otel`", "not a table"]),
        (Agent::Codex, CODEX, "a = 1\r\nb = 2\n", &["line ends"]),
        (Agent::Codex, CODEX_HOOKS, "{", &["hooks.json"]),
        (Agent::Cursor, CURSOR, r#"{"version": 2}"#, &["`version` other than 1"]),
    ] {
        let mut laptop = Laptop::with(path, text);
        let wanted = laptop.wanted();
        let error = laptop.install_as(agent, &wanted).unwrap_err();
        for word in words {
            assert!(error.message.contains(word), "no `{word}` in {error:?}");
        }
        assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        assert!(error.hint.is_some());
        assert_eq!(laptop.read(path).unwrap(), text);
        assert!(uninstall(agent, &Scope::User, &laptop.environment, &mut laptop.installed).is_err());
        let state = laptop.state(agent);
        assert_eq!((state.verdict, state.problems.len()), (Verdict::Incomplete, 1));
        // Of two files of an agent neither is touched.
        let files = walkdir(laptop.home.path());
        assert!(files.iter().all(|file| file.ends_with("bin/modlake") || file.ends_with(path)), "{files:?}");
    }
}

fn walkdir(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] }).collect()
}

#[cfg(unix)]
#[test]
fn links_stay_links_and_files_become_private() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let mut laptop = Laptop::with("dotfiles/claude.json", "{\"model\": \"x\"}\n");
    fs::create_dir(laptop.home.path().join(".claude")).unwrap();
    symlink("../dotfiles/claude.json", laptop.home.path().join(CLAUDE)).unwrap();
    laptop.install(Agent::Claude);
    let mode = |path: &str| fs::metadata(laptop.home.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert!(fs::symlink_metadata(laptop.home.path().join(CLAUDE)).unwrap().is_symlink());
    assert_eq!((mode("dotfiles/claude.json"), mode("dotfiles/claude.json.modlake-backup")), (0o600, 0o600));
    assert_eq!(laptop.read("dotfiles/claude.json.modlake-backup").unwrap(), "{\"model\": \"x\"}\n");
    laptop.uninstall(Agent::Claude);
    assert_eq!(laptop.read("dotfiles/claude.json").unwrap(), "{\"model\": \"x\"}\n");

    // A file that says the right thing is closed all the same.
    laptop.install(Agent::Claude);
    fs::set_permissions(laptop.home.path().join(CLAUDE), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(laptop.state(Agent::Claude).problems[0].fix.starts_with("chmod 600"));
    laptop.install(Agent::Claude);
    assert_eq!(laptop.state(Agent::Claude).verdict, Verdict::Ok);
}

#[cfg(unix)]
#[test]
fn a_file_is_known_again_once_its_folders_behind_a_link_are_there() {
    let laptop = Laptop::new();
    fs::create_dir(laptop.home.path().join("real")).unwrap();
    let link = laptop.home.path().join("link");
    std::os::unix::fs::symlink("real", &link).unwrap();
    let path = link.join(".claude/settings.json");
    let before = Original::read(&path).unwrap();
    before.replace(&Content::Text("{}\n".to_owned()), true).unwrap();
    assert_eq!(Original::read(&path).unwrap().identity(), before.identity());
    assert_eq!(laptop.read("real/.claude/settings.json").unwrap(), "{}\n");
}

#[test]
fn the_backup_is_the_state_before_the_first_change() {
    let mut laptop = Laptop::with(CLAUDE, "{\"model\": \"x\"}\n");
    laptop.install(Agent::Claude);
    let wanted = Wanted { server: "http://b:1".to_owned(), ..laptop.wanted() };
    laptop.install_as(Agent::Claude, &wanted).unwrap();
    assert_eq!(laptop.read(&format!("{CLAUDE}.modlake-backup")).unwrap(), "{\"model\": \"x\"}\n");
}

#[test]
fn a_file_that_changes_under_our_hands_is_not_overwritten() {
    let laptop = Laptop::with(CLAUDE, "{}\n");
    let mut installed = Installed::default();
    let plan = install(Agent::Claude, &Scope::User, &laptop.wanted(), &laptop.environment, &mut installed).unwrap();
    laptop.write(CLAUDE, "{\"model\": \"new\"}\n");
    let error = plan.changes[0].original.replace(&plan.changes[0].content, true).unwrap_err();
    assert!(error.message.contains("changed by another program"), "{error:?}");
    assert_eq!(laptop.read(CLAUDE).unwrap(), "{\"model\": \"new\"}\n");
}

#[test]
fn an_exported_variable_that_differs_is_told() {
    let mut laptop = Laptop::new();
    laptop.install(Agent::Claude);
    let exported = &mut laptop.environment.exported;
    exported.insert("OTEL_LOGS_EXPORTER".to_owned(), "otlp".to_owned());
    exported.insert("OTEL_EXPORTER_OTLP_HEADERS".to_owned(), "Authorization=Bearer ml_STALE".to_owned());
    exported.insert("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL".to_owned(), "grpc".to_owned());
    exported.insert("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL".to_owned(), "http/json".to_owned());
    let state = laptop.state(Agent::Claude);
    let exporter = state.exporter.as_ref().unwrap();
    assert_eq!(exporter.overruled_by, ["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"]);
    assert_eq!(exporter.exported_too, ["OTEL_EXPORTER_OTLP_HEADERS"]);
    assert_eq!(state.verdict, Verdict::Incomplete);
    assert!(!serde_json::to_string(&state).unwrap().contains("ml_"));
}

#[test]
fn the_agents_own_variables_move_their_folders() {
    let mut laptop = Laptop::new();
    laptop.environment.claude_config_dir = Some(laptop.home.path().join("c"));
    laptop.environment.codex_home = Some(laptop.home.path().join("x"));
    laptop.install(Agent::Claude);
    laptop.install(Agent::Codex);
    for path in ["c/settings.json", "x/hooks.json", "x/config.toml"] {
        assert!(laptop.read(path).is_some(), "{path}");
    }
    let project = Scope::Project(laptop.home.path().join("repo"));
    let paths: Vec<_> = Agent::ALL
        .into_iter()
        .flat_map(|agent| {
            install(agent, &project, &laptop.wanted(), &laptop.environment, &mut Installed::default()).unwrap().changes
        })
        .map(|change| change.original.path.strip_prefix(laptop.home.path()).unwrap().to_owned())
        .collect();
    let expected = ["repo/.claude/settings.local.json", "repo/.codex/hooks.json", "repo/.cursor/hooks.json"];
    assert_eq!(paths, expected.map(PathBuf::from));
}

/// Installing twice is installing once; removing gives back the bytes before.
fn there_and_back(agent: Agent, path: &str, text: &str) {
    let mut laptop = Laptop::with(path, text);
    let before = walkdir(laptop.home.path());
    laptop.install(agent);
    let once = laptop.read(path).unwrap();
    assert_ne!(once, text);
    assert!(laptop.install(agent).changes.iter().all(|change| !change.is_change()), "{text:?}");
    assert_eq!(laptop.read(path).unwrap(), once);
    assert!(matches!(laptop.state(agent).verdict, Verdict::Ok), "{:?} of {text:?}", laptop.state(agent));
    laptop.uninstall(agent);
    assert_eq!(laptop.read(path).as_deref(), Some(text), "by way of {once}");
    let after: Vec<_> = walkdir(laptop.home.path()).into_iter().filter(|file| !file.ends_with("bin/modlake")).collect();
    assert_eq!(after, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn claude_there_and_back(choices in proptest::collection::vec(any::<u8>(), 0..80)) {
        let text = Choices::new(choices).settings(["Stop", "PreToolUse", "FileChanged"], true);
        there_and_back(Agent::Claude, CLAUDE, &text);
    }

    #[test]
    fn cursor_there_and_back(choices in proptest::collection::vec(any::<u8>(), 0..60)) {
        let text = Choices::new(choices).settings(["stop", "postToolUse", "other"], false);
        there_and_back(Agent::Cursor, CURSOR, &text);
    }

    #[test]
    fn codex_there_and_back(choices in proptest::collection::vec(any::<u8>(), 0..20)) {
        let text = Choices::new(choices).toml();
        there_and_back(Agent::Codex, CODEX, &text);
    }
}
