use super::*;

#[test]
fn versions_are_found_in_what_clients_print() {
    for (text, version) in [
        ("2.1.329 (Claude Code)\n", Some([2, 1, 329])),
        ("codex-cli 0.169.0\n", Some([0, 169, 0])),
        ("v1.7.44\nabcdef\nx64\n", Some([1, 7, 44])),
        ("1.2\n", None),
        ("1.2.3.4", None),
        ("no version", None),
        ("99999999999.0.0", None),
        ("", None),
    ] {
        assert_eq!(Version::in_text(text), version.map(Version), "{text}");
    }
    assert!(Version([2, 1, 101]) > Version([2, 1, 99]));
}

#[test]
fn settings_are_no_sign_of_a_client() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment { home: Some(home.path().to_path_buf()), ..Environment::default() };
    std::fs::create_dir_all(home.path().join(".claude")).unwrap();
    std::fs::write(home.path().join(".claude/settings.json"), "{}").unwrap();
    assert_eq!(Client::find(Agent::Claude, &environment), None);
    std::fs::write(home.path().join(".claude.json"), "{}").unwrap();
    let found = Client::find(Agent::Claude, &environment).unwrap();
    assert_eq!((found.found.clone(), found.version()), (home.path().join(".claude.json"), None));
}
