use std::process::Command;

use proptest::prelude::*;

use super::*;

fn known() -> Variables {
    Variables::exported(BTreeMap::from([
        ("HOME".to_owned(), "/home/dev".to_owned()),
        ("SET".to_owned(), "a b".to_owned()),
        ("EMPTY".to_owned(), String::new()),
    ]))
}

fn read(text: &str) -> (Variables, Vec<String>) {
    let mut variables = known();
    let troubles = variables.read(text);
    (variables, troubles.iter().map(|trouble| format!("{}: {trouble}", trouble.line)).collect())
}

fn value(text: &str) -> Option<String> {
    let (variables, troubles) = read(text);
    assert!(troubles.is_empty(), "{text}: {troubles:?}");
    variables.values.get("A").cloned()
}

/// Statements that set `A`, and what it is then.
const READ: &[(&str, &str)] = &[
    ("A=s3://my-company-cli-telemetry", "s3://my-company-cli-telemetry"),
    ("export A=acme # our name", "acme"),
    ("  export\tA='a b'\"c d\"\\ e", "a bc d e"),
    ("A=\"say \\\"hi\\\" \\$HOME \\\\ \\n\"", "say \"hi\" $HOME \\ \\n"),
    ("A=one\\\ntwo", "onetwo"),
    ("A=\"one\\\ntwo\nthree\"", "onetwo\nthree"),
    ("A=\"$SET\"; B=2", "a b"),
    ("B=x A=${B}y", "xy"),
    ("A=${NONE:-https://h/p?q=1}", "https://h/p?q=1"),
    ("A=${EMPTY:-d}", "d"),
    ("A=${EMPTY-d}", ""),
    ("A=\"${NONE:-$HOME/.moderne}\"", "/home/dev/.moderne"),
    ("A=~/bin", "/home/dev/bin"),
    ("A=a#b", "a#b"),
    ("A=", ""),
    ("A=$", "$"),
    ("A='$(rm -rf x)`'", "$(rm -rf x)`"),
    ("A=\"it's\"", "it's"),
    ("set -a\nA=1\nset +a", "1"),
    ("A=a=b,c:d@e*?", "a=b,c:d@e*?"),
];

#[test]
fn what_is_read_means_what_bash_makes_of_it() {
    for (text, expected) in READ {
        assert_eq!(value(text).as_deref(), Some(*expected), "{text}");
        let script = format!("unset NONE; {text}\nprintf %s \"$A\"");
        let ran = Command::new("bash")
            .env_clear()
            .envs([("HOME", "/home/dev"), ("SET", "a b"), ("EMPTY", "")])
            .args(["--norc", "-c", &script])
            .output();
        if let Ok(ran) = ran {
            assert_eq!(String::from_utf8_lossy(&ran.stdout), *expected, "bash: {text}");
        }
    }
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_are_no_part_of_a_value() {
    assert_eq!(value("\u{feff}A=1\r\nB=2\r\n").as_deref(), Some("1"));
    assert_eq!(value("A=1\\\r\n2\r\n").as_deref(), Some("12"));
}

#[test]
fn what_is_not_read_is_told_with_its_line_and_does_nothing() {
    let (variables, troubles) = read(
        "A=$(touch x) B=2\nC=`id`\nif true; then\nD=4\nfi\nE=$UNKNOWN\nF=${SET%b}\necho hi > file\nG=1 command\nH=(1 2)\nI=\"open\n",
    );
    assert_eq!(
        troubles,
        [
            "1: commands inside of a value are not run",
            "2: commands inside of a value are not run",
            "3: this is no assignment, and commands are not run",
            "5: this is no assignment, and commands are not run",
            "6: UNKNOWN has no value here",
            "7: only $NAME, ${NAME} and ${NAME:-text} are expanded",
            "8: this is no assignment, and commands are not run",
            "9: this is no assignment, and commands are not run",
            "10: `(` outside of quotes",
            "11: a quote is not closed",
        ]
    );
    let mut expected = known();
    expected.values.insert("D".to_owned(), "4".to_owned());
    assert_eq!(variables, expected);
}

#[test]
fn a_program_gets_what_is_exported() {
    let before = known();
    let (after, _) = read("A=1\nexport B=2\nSET=changed\nC=3\nexport C\nset -a\nD=4\n");
    let changes: Vec<_> = after.changes(&before).collect();
    assert_eq!(changes, [("B", "2"), ("C", "3"), ("D", "4"), ("SET", "changed")]);
}

fn single(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

fn double(value: &str) -> String {
    let escaped = value.chars().flat_map(|c| {
        let escape = matches!(c, '"' | '\\' | '$' | '`').then_some('\\');
        escape.into_iter().chain([c])
    });
    format!("\"{}\"", escaped.collect::<String>())
}

proptest! {
    #[test]
    fn a_quoted_value_comes_back(text in "[^\\x00\\r]{0,40}", after in "[a-z]{0,4}") {
        for quoted in [single(&text), double(&text)] {
            let (variables, troubles) = read(&format!("A={quoted}\nB={after}\n"));
            prop_assert_eq!(&troubles, &Vec::<String>::new());
            prop_assert_eq!(&variables.values["A"], &text);
            prop_assert_eq!(&variables.values["B"], &after);
        }
    }

    #[test]
    fn nothing_panics_and_a_good_line_behind_anything_is_read(text in "[^'\"\\\\{`]{0,60}") {
        let (variables, _) = read(&format!("{text}\nLAST=1\n"));
        prop_assert_eq!(variables.get("LAST"), Some("1"));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        read(&text);
    }
}
