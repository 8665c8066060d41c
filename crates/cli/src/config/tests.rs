use super::*;

/// A home folder; with `file`, a configuration in it.
fn home(file: Option<&str>) -> (tempfile::TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        fs::create_dir(folder.path().join(".modlake")).unwrap();
        fs::write(folder.path().join(".modlake/config.json"), text).unwrap();
    }
    let environment = Environment { home: Some(folder.path().to_path_buf()), ..Environment::default() };
    (folder, environment)
}

fn key(settings: &Settings) -> Option<(&str, Origin)> {
    settings.key.as_ref().map(|(key, from)| (key.reveal(), *from))
}

const BOTH: &str = r#"{"server": "https://file.example.com/", "key": "file-key"}"#;

#[test]
fn the_first_place_that_has_a_value_wins() {
    let (_home, mut environment) = home(Some(BOTH));
    let load = |flag, environment: &Environment| {
        let settings = Settings::load(flag, environment).unwrap();
        let key = key(&settings).map(|(key, from)| (key.to_owned(), from));
        ((settings.server, settings.server_from), key)
    };
    let (server, key) = load(None, &environment);
    assert_eq!(server, ("https://file.example.com".to_owned(), Origin::File));
    assert_eq!(key, Some(("file-key".to_owned(), Origin::File)));

    environment.moda_api_key = Some(Secret::new("moda-key"));
    environment.server = Some("http://variable:1".to_owned());
    let (server, key) = load(None, &environment);
    assert_eq!(server, ("http://variable:1".to_owned(), Origin::ServerVariable));
    assert_eq!(key, Some(("moda-key".to_owned(), Origin::ModaKeyVariable)));

    environment.modlake_api_key = Some(Secret::new("modlake-key"));
    let (server, key) = load(Some("http://flag:2"), &environment);
    assert_eq!(server, ("http://flag:2".to_owned(), Origin::Flag));
    assert_eq!(key, Some(("modlake-key".to_owned(), Origin::KeyVariable)));
}

#[test]
fn without_anything_the_server_is_this_machine_and_there_is_no_key() {
    let (_home, environment) = home(None);
    let settings = Settings::load(None, &environment).unwrap();
    assert_eq!((settings.server.as_str(), settings.server_from), (DEFAULT_SERVER, Origin::Default));
    assert!(!settings.file_exists && key(&settings).is_none());
    assert_eq!(settings.required_key().unwrap_err().exit, Exit::Config);
}

#[test]
fn a_wrong_file_is_an_error_that_shows_no_key() {
    for (text, word) in [
        ("", "line 1"),
        ("{", "line 1"),
        (r#"{"sever": "x", "key": "SECRET"}"#, "`sever`, expected one of `server`, `key`, `hooks`"),
        (r#"{"key": ["SECRET"]}"#, "not text at line 1"),
        (r#""SECRET""#, "not text"),
        (r#"{"key": 12345678}"#, "not text"),
        (r#"{"server": "ftp://x", "key": "SECRET"}"#, "ftp://x"),
        (r#"{"key": "SEC RET"}"#, "space"),
        (r#"{"key": "SECRET\n"}"#, "line break"),
        (r#"{"key": ""}"#, "empty"),
    ] {
        let (_home, environment) = home(Some(text));
        let error = Settings::load(None, &environment).err().unwrap();
        assert_eq!(error.exit, Exit::Config);
        assert!(error.message.contains(word), "{text}: {error:?}");
        assert!(error.hint.is_some());
        for secret in ["SECRET", "SEC RET", "12345678"] {
            assert!(!format!("{error:?}").contains(secret), "{error:?}");
        }
    }
}

#[test]
fn servers_are_checked() {
    for (text, kept) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318"),
        ("https://a.example.com/", "https://a.example.com"),
        ("https://a.example.com/modlake//", "https://a.example.com/modlake"),
        ("http://[::1]:4318", "http://[::1]:4318"),
    ] {
        assert_eq!(check_server(text).as_deref(), Ok(kept));
    }
    for text in
        ["", "localhost:4318", "/x", "ftp://a", "http://", "http://a b", "http://a?x=1", "http://a/#x", "http://u:p@a"]
    {
        assert!(check_server(text).is_err(), "{text}");
    }
    assert!(!check_server("http://user:hunter2@a").unwrap_err().contains("hunter2"));
}

#[test]
fn what_is_saved_is_loaded() {
    let (_home, environment) = home(None);
    let path = path(&environment).unwrap();
    for (server, key) in [(Some("http://a"), None), (Some("http://b"), Some("k")), (None, None)] {
        let file = File { server: server.map(str::to_owned), key: key.map(str::to_owned), hooks: None };
        file.save(&path).unwrap();
        let loaded = File::load(&path).unwrap().unwrap();
        assert_eq!((loaded.server, loaded.key), (file.server, file.key));
    }
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["config.json"], "nothing temporary stays");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file_and_a_link_stays_a_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let (home, environment) = home(Some(BOTH));
    let path = path(&environment).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Settings::load(None, &environment).unwrap().file_is_open);
    let elsewhere = home.path().join("dotfiles.json");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();

    File { server: None, key: Some("k".to_owned()), hooks: None }.save(&path).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!Settings::load(None, &environment).unwrap().file_is_open);
}

#[test]
fn hooks_let_out_what_the_file_says_unless_a_variable_says_otherwise() {
    let (_home, mut environment) = home(None);
    assert_eq!(capture_policy(&environment).unwrap(), Policy::default());
    let (_home, with_file) = home(Some(r#"{"key": "k", "hooks": {"capture_prompts": true}}"#));
    environment.home = with_file.home;
    let expected = Policy { capture_prompts: true, ..Policy::default() };
    assert_eq!(capture_policy(&environment).unwrap(), expected);
    environment.capture = vec![("CODING_AGENT_CAPTURE_PROMPTS", "0".to_owned())];
    assert_eq!(capture_policy(&environment).unwrap(), Policy::default());
    environment.capture = vec![("CODING_AGENT_CAPTURE_PROMPTS", "1".to_owned())];
    assert_eq!(capture_policy(&environment).unwrap(), expected);
    assert_eq!(default_policy(&environment), expected);
}

#[test]
fn setting_the_key_keeps_what_is_said_of_hooks() {
    let (_home, environment) = home(Some(r#"{"key": "k", "hooks": {"capture_commands": true}}"#));
    let path = path(&environment).unwrap();
    let mut file = File::load(&path).unwrap().unwrap();
    file.key = Some("other".to_owned());
    file.save(&path).unwrap();
    assert!(capture_policy(&environment).unwrap().capture_commands);
}
