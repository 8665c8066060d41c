use super::*;

fn load(file: &str, variables: &[(&str, &str)], flags: &[(&'static str, String)]) -> Result<Config> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("modlake.toml");
    std::fs::write(&path, file).expect("writes");
    let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    Config::load(Some(&path), variable, flags)
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let file = "[query]\nmax_rows = 1\n[lake]\nflush_bytes = \"1MiB\"\ndedupe_window = 5\n";
    let variables = [("MODLAKE_QUERY_MAX_ROWS", "2"), ("MODLAKE_LAKE_FLUSH_BYTES", "2MiB")];
    let config = load(file, &variables, &[("query.max_rows", "3".to_owned())]).expect("loads");
    assert_eq!((config.query.rows, config.lake.flush_bytes, config.lake.dedupe_window), (3, 2 << 20, 5));
    assert_eq!(config.intake.max_body_bytes, 64 << 20);
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    let error = format!("{:#}", load("[journal]\nmax_byte = 7\n", &[], &[]).expect_err("unknown"));
    assert!(error.contains("unknown setting `journal.max_byte`; did you mean `journal.max_bytes`?"), "{error}");
}

#[test]
fn a_wrong_value_says_where_it_stands_and_what_is_wanted() {
    let error = format!("{:#}", load("", &[("MODLAKE_HTTP", "nowhere")], &[]).expect_err("wrong"));
    assert!(error.contains("variable MODLAKE_HTTP") && error.contains("an address with a port"), "{error}");
    let error = format!("{:#}", load("http = ", &[], &[]).expect_err("wrong"));
    assert!(error.contains("modlake.toml"), "{error}");
}

#[test]
fn the_policy_is_heard_from_its_own_variables() {
    let config = load(
        "[capture]\noutput_snippets = true\nkeep_attributes = [\"team\", \"room\"]\n",
        &[("CODING_AGENT_CAPTURE_PROMPTS", "1"), ("CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS", "yes")],
        &[],
    );
    let policy = config.expect("loads").capture;
    assert!(policy.capture_prompts && !policy.capture_output_snippets);
    assert_eq!(policy.keep_attributes, ["team", "room"]);
}

#[test]
fn grpc_is_on_unless_it_is_switched_off() {
    assert_eq!(load("", &[], &[]).expect("loads").grpc, Some(SocketAddr::from(([127, 0, 0, 1], 4317))));
    assert_eq!(load("grpc = \"off\"", &[], &[]).expect("loads").grpc, None);
    let anywhere = load("grpc = \"off\"", &[("MODLAKE_GRPC", "[::]:9000")], &[]).expect("loads");
    assert_eq!(anywhere.grpc.map(|address| address.port()), Some(9000));
    let error = format!("{:#}", load("", &[], &[("grpc", "4317".to_owned())]).expect_err("no address"));
    assert!(error.contains("flag --grpc") && error.contains("`off`"), "{error}");
}

#[test]
fn settings_have_distinct_names() {
    let mut flags: Vec<String> = SETTINGS.iter().map(Setting::flag).collect();
    flags.sort();
    flags.dedup();
    assert_eq!(flags.len(), SETTINGS.len());
}

#[test]
fn the_bootstrap_key_is_not_shown() {
    let config = load("", &[("MODLAKE_BOOTSTRAP_KEY", "ml_very-secret-text")], &[]).expect("loads");
    assert!(!format!("{config:?}").contains("very-secret"));
}

#[test]
fn the_catalog_is_a_file_unless_a_database_is_named_and_its_password_is_not_shown() {
    let config = load("data_dir = \"/data\"", &[("MODLAKE_CATALOG", "")], &[]).expect("loads");
    assert_eq!(config.catalog().location, Location::File("/data/catalog.sqlite".into()));
    let file = "catalog = \"postgres://ada:s3cret@db.example.com/lake\"\ncatalog_connections = 3\n";
    let config = load(file, &[("MODLAKE_CATALOG_TIMEOUT_SECONDS", "0.5")], &[]).expect("loads");
    let options = config.catalog();
    assert_eq!(options.location.to_string(), "postgres://db.example.com:5432/lake");
    assert_eq!((options.connections, options.timeout), (3, Duration::from_millis(500)));
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_wrong_catalog_is_told_without_its_text() {
    let wrong = |variables: &[(&str, &str)]| format!("{:#}", load("", variables, &[]).expect_err("wrong"));
    for text in ["mysql://ada:s3cret@db/lake", "s3cret", "postgres://db/lake?passwd=s3cret"] {
        let error = wrong(&[("MODLAKE_CATALOG", text)]);
        assert!(error.contains("MODLAKE_CATALOG") && error.contains("a URL") && !error.contains("s3cret"), "{error}");
    }
    assert!(wrong(&[("MODLAKE_CATALOG_CONNECTIONS", "0")]).contains("at least 1"));
    assert!(wrong(&[("MODLAKE_CATALOG_TIMEOUT_SECONDS", "0")]).contains("above 0"));
}

#[test]
fn rules_of_users_are_read_and_checked() {
    let rule = "id = \"acme_badge\"\nkeywords = [\"acme_\"]\npattern = 'acme_[0-9a-f]{24}'\n";
    let file =
        format!("[redaction]\ndisable = [\"jwt\"]\n[redaction.pii]\nemail = \"hash\"\n[[redaction.rules]]\n{rule}");
    let config = load(&file, &[("MODLAKE_REDACTION_PII_IP_ADDRESS", "mask")], &[]).expect("loads");
    assert_eq!((config.redaction.rules.len(), config.redaction.disable.as_slice()), (1, &["jwt".to_owned()][..]));
    assert_eq!(config.redaction.pii.ip_address, Some(redact::Treatment::Mask));
    let redactor = config.redaction.redactor().expect("the rules are right");
    assert_eq!(redactor.find("an acme_fa15e2d1b3b7c3da2ab85225 here").len(), 1);
    let key = redact::HashKey::derive(b"tests", "tests");
    let text = config.sanitizer().expect("right").redact_text("ada@example.com at 192.0.2.7", &key).into_owned();
    assert!(text.starts_with("[REDACTED:email:") && text.ends_with("at [REDACTED:ip_address]"), "{text}");
}

#[test]
fn a_wrong_rule_is_named_at_the_start() {
    let wrong = |file: &str| {
        let checked = load(file, &[], &[]).and_then(|config| config.sanitizer().map(drop));
        format!("{:#}", checked.expect_err("wrong"))
    };
    for (file, parts) in [
        ("[[redaction.rules]]\nid = \"a\"\nkeywords = [\"ab\"]\npattern = 'x*'\n", ["`a`", "empty"]),
        ("[[redaction.rules]]\nid = \"a\"\nkeyword = []\n", ["number 1 (a)", "keyword"]),
        ("[redaction]\ndisable = [\"jwtt\"]\n", ["jwtt", "`jwt`"]),
        ("[redaction.pii]\nemail = \"yes\"\n", ["redaction.pii.email", "off, mask or hash"]),
        ("[redaction]\ngitleaks_rules = \"/nowhere/rules.toml\"\n", ["cannot read", "/nowhere/rules.toml"]),
        ("[redaction]\nrule = 1\n", ["unknown setting `redaction.rule`", "did you mean"]),
    ] {
        let error = wrong(file);
        assert!(parts.iter().all(|part| error.contains(part)), "{file}: {error}");
    }
}
