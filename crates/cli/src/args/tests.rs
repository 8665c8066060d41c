use clap::CommandFactory as _;

use super::*;

fn error(typed: &[&str]) -> CliError {
    let typed = std::iter::once("modlake").chain(typed.iter().copied()).map(OsString::from);
    parse(typed).err().expect("a wrong command line")
}

#[test]
fn the_definition_holds_together() {
    Args::command().debug_assert();
}

#[test]
fn unknown_things_are_named_with_the_nearest_known_one() {
    for (typed, named, hint) in [
        (&["sqll", "select 1"][..], "sqll", "`sql`"),
        (&["sql", "--fromat", "csv", "x"], "--fromat", "`--format`"),
        (&["sql", "--format", "jsn", "x"], "jsn", "`json`"),
        (&["config", "shwo"], "shwo", "`show`"),
        (&["frobnicate"], "frobnicate", "--help"),
        (&["sql"], "<QUERY>", "--help"),
        (&["sql", "a", "b"], "'b'", "--help"),
        (&["doctor", "--wait", "long"], "long", "--help"),
        (&[], "no command", "--help"),
    ] {
        let error = error(typed);
        assert_eq!(error.exit, Exit::Usage);
        assert!(error.message.contains(named) && !error.message.contains('\n'), "{error:?}");
        assert!(error.hint.as_ref().is_some_and(|text| text.contains(hint)), "{error:?}");
    }
}

#[test]
fn the_server_may_stand_before_or_after_the_command() {
    for typed in [["--server", "http://a", "doctor"], ["doctor", "--server", "http://a"]] {
        let typed = std::iter::once("modlake").chain(typed).map(OsString::from);
        let Ok(Parsed::Args(args)) = parse(typed) else { panic!("a right command line") };
        assert_eq!(args.server.as_deref(), Some("http://a"));
    }
}

#[test]
fn params_may_be_negative_numbers() {
    let typed = ["modlake", "sql", "select $1, $2", "--param", "-1", "--param=--x"].map(OsString::from);
    let Ok(Parsed::Args(Args { command: Command::Sql(args), .. })) = parse(typed.into_iter()) else { panic!("sql") };
    assert_eq!(args.params, ["-1", "--x"]);
}
