//! Help, version and wrong command lines.

use crate::Laptop;

#[test]
fn version_and_help_are_data() {
    let version = Laptop::new().run(&["--version"]);
    version.printed(&format!("modlake {}\n", env!("CARGO_PKG_VERSION")));
    let help = Laptop::new().run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for word in ["sql", "doctor", "config", "--server", "Exit codes:", "141"] {
        assert!(help.out.contains(word), "{}", help.out);
    }
}

#[test]
fn version_does_not_read_the_file() {
    let laptop = Laptop::new();
    std::fs::create_dir(laptop.home.path().join(".modlake")).unwrap();
    std::fs::write(laptop.config_file(), "broken").unwrap();
    assert_eq!(laptop.run(&["--version"]).code, Some(0));
    laptop.run(&["sql", "select 1"]).failed(3, &["config.json", "hint: "]);
}

#[test]
fn a_wrong_command_line_has_a_hint() {
    Laptop::new().run(&["sqll", "select 1"]).failed(2, &["sqll", "hint: did you mean `sql`?"]);
    Laptop::new().run(&[]).failed(2, &["no command", "hint: "]);
    Laptop::new().run(&["sql"]).failed(2, &["<QUERY>", "hint: "]);
}

#[test]
fn what_is_not_a_terminal_gets_no_colour() {
    let error = Laptop::new().with("CLICOLOR_FORCE", "1").run(&["nothing"]);
    assert!(!error.err.contains('\x1b'), "{}", error.err);
}
