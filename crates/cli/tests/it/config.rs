//! `modlake config`, and the order of the places a setting may stand in.

use std::fs;

use serde_json::{Value, json};

use crate::Laptop;

fn shown(laptop: &Laptop, args: &[&str]) -> Value {
    let ran = laptop.run(&[&["config", "show", "--json"], args].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).expect("JSON")
}

#[test]
fn a_newcomer_fills_the_file() {
    let laptop = Laptop::new();
    let set = ["config", "set", "--server", "https://lake.example.com/", "--key", "-"];
    let ran = laptop.run_with_stdin(&set, "  ml_SECRET\n");
    ran.printed("");
    assert!(ran.err.contains("config.json") && !ran.err.contains("SECRET"), "{}", ran.err);
    let file: Value = serde_json::from_slice(&fs::read(laptop.config_file()).unwrap()).unwrap();
    assert_eq!(file, json!({"server": "https://lake.example.com", "key": "ml_SECRET"}));

    // The other half stays.
    laptop.run(&["config", "set", "--server", "http://other:1"]).printed("");
    let file: Value = serde_json::from_slice(&fs::read(laptop.config_file()).unwrap()).unwrap();
    assert_eq!(file, json!({"server": "http://other:1", "key": "ml_SECRET"}));
}

#[cfg(unix)]
#[test]
fn file_and_folder_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let laptop = Laptop::new();
    laptop.run_with_stdin(&["config", "set", "--key", "-"], "k").printed("");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&laptop.config_file()), 0o600);
    assert_eq!(mode(laptop.config_file().parent().unwrap()), 0o700);
}

#[test]
fn wrong_settings_change_nothing() {
    let laptop = Laptop::new();
    laptop.run(&["config", "set"]).failed(2, &["nothing to set", "hint: "]);
    laptop.run(&["config", "set", "--server", "lake.example.com"]).failed(2, &["lake.example.com"]);
    laptop.run(&["config", "set", "--key", "ml_SECRET"]).failed(2, &["standard input", "--key -"]);
    laptop.run_with_stdin(&["config", "set", "--key", "-"], " \n").failed(2, &["is empty"]);
    laptop.run_with_stdin(&["config", "set", "--key", "-"], "two words").failed(2, &["space"]);
    laptop.run_with_stdin(&["config", "set", "--key", "-"], &"x".repeat(5_000)).failed(2, &["longer than 4096"]);
    assert!(!laptop.config_file().exists());
}

#[test]
fn a_file_that_cannot_be_read_is_not_overwritten() {
    let laptop = Laptop::new();
    fs::create_dir(laptop.config_file().parent().unwrap()).unwrap();
    fs::write(laptop.config_file(), r#"{"later": true}"#).unwrap();
    laptop.run_with_stdin(&["config", "set", "--key", "-"], "k").failed(3, &["`later`", "hint: "]);
    assert_eq!(fs::read_to_string(laptop.config_file()).unwrap(), r#"{"later": true}"#);
}

#[test]
fn show_tells_where_a_setting_comes_from_and_never_the_key() {
    let laptop = Laptop::new();
    let default = shown(&laptop, &[]);
    assert_eq!(default["server"], "http://127.0.0.1:4318");
    assert_eq!((&default["server_from"], &default["key_from"]), (&json!("default"), &Value::Null));

    let set = ["config", "set", "--server", "http://file:1", "--key", "-"];
    laptop.run_with_stdin(&set, "SECRET-file").printed("");
    let file = shown(&laptop, &[]);
    assert_eq!((&file["server_from"], &file["key_from"]), (&json!("file"), &json!("file")));

    let laptop = laptop.with("MODLAKE_SERVER", "http://variable:2").with("MODA_API_KEY", "SECRET-moda");
    let variable = shown(&laptop, &[]);
    assert_eq!((&variable["server_from"], &variable["key_from"]), (&json!("MODLAKE_SERVER"), &json!("MODA_API_KEY")));

    let laptop = laptop.with("MODLAKE_API_KEY", "SECRET-modlake");
    let flag = shown(&laptop, &["--server", "http://flag:3"]);
    assert_eq!((&flag["server_from"], &flag["key_from"]), (&json!("--server"), &json!("MODLAKE_API_KEY")));
    assert_eq!(flag["server"], "http://flag:3");
    let people = laptop.run(&["config", "show"]);
    assert!(people.out.contains("from MODLAKE_API_KEY") && !people.out.contains("SECRET"), "{}", people.out);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let laptop = Laptop::new().with("MODLAKE_API_KEY", "").with("MODA_API_KEY", "moda").with("MODLAKE_SERVER", "");
    let shown = shown(&laptop, &[]);
    assert_eq!((&shown["server_from"], &shown["key_from"]), (&json!("default"), &json!("MODA_API_KEY")));
}

#[test]
fn set_warns_of_a_variable_that_goes_first() {
    let laptop = Laptop::new().with("MODLAKE_API_KEY", "other");
    let ran = laptop.run_with_stdin(&["config", "set", "--key", "-"], "k");
    assert!(ran.err.contains("MODLAKE_API_KEY is set"), "{}", ran.err);
}
