use proptest::prelude::*;

use super::mask::{mask_heredoc, mask_text};
use super::{is_sensitive, reads};

/// Values as `<value>`, so that one sees what is taken for one.
fn masked(text: &str) -> String {
    mask_text(text, &mut |value| format!("[REDACTED:x:{}]", value.len()))
}

#[test]
fn files_are_known_by_name_place_and_ending() {
    for path in [
        ".env",
        "/srv/app/.env.local",
        "prod.env",
        "C:\\Users\\dev\\.aws\\credentials",
        "~/.ssh/id_ed25519",
        "id_rsa",
        "server.key",
        "cert.PEM",
        "/home/dev/.npmrc",
        ".netrc",
        "~/.kube/config",
        "/home/dev/.docker/config.json",
        "secrets.yaml",
        "prod.tfvars",
    ] {
        assert!(is_sensitive(path), "{path}");
    }
    for path in [
        ".env.example",
        "env",
        "src/env.rs",
        "id_rsa.pub",
        "id_list.txt",
        "id_of_a_very_long_column_name",
        "config.json",
        ".env.sample",
        "credentials.md",
        "keys.rs",
        "",
        ".key",
        "/app/config",
        "secrets.example.yaml",
    ] {
        assert!(!is_sensitive(path), "{path}");
    }
}

#[test]
fn commands_count_that_print_the_file() {
    for line in [
        "cat .env",
        "cd app && sudo cat '.env' | head",
        "/usr/bin/grep -n KEY prod.env",
        "git show HEAD:.env",
        "git diff -- .env",
        "sed -n 1,20p ~/.aws/credentials",
        "bash -lc \"cat .npmrc\"",
        "base64 <id_rsa",
        "jq . ~/.docker/config.json",
        "cat > .env <<EOF",
    ] {
        assert!(reads(line), "{line}");
    }
    for line in
        ["ls -la .env", "rm .env", "ssh -i ~/.ssh/id_rsa host", "docker run --env-file .env x", "cat README.md", ""]
    {
        assert!(!reads(line), "{line}");
    }
}

#[test]
fn names_stay_and_values_go() {
    for (text, expected) in [
        ("A=b\nexport C='d e'\n", "A=[REDACTED:x:1]\nexport C='[REDACTED:x:3]'\n"),
        ("     1→A=b\n", "     1→A=[REDACTED:x:1]\n"),
        ("12:A=b", "12:A=[REDACTED:x:1]"),
        ("# a comment\n#OLD=x\n", "# a comment\n#OLD=[REDACTED:x:1]\n"),
        ("[default]\nregion = eu\n", "[default]\nregion = [REDACTED:x:2]\n"),
        ("//registry.npmjs.org/:_authToken=t\n", "//registry.npmjs.org/:_authToken=[REDACTED:x:1]\n"),
        ("users:\n- name: bob\n  pin: 1\n", "users:\n- name: [REDACTED:x:3]\n  pin: [REDACTED:x:1]\n"),
        ("machine h login bob password x\n", "machine h login [REDACTED:x:3] password [REDACTED:x:1]\n"),
        ("db.local:5432:app:bob:pw", "[REDACTED:x:24]"),
        ("A=\nB=\"\"\nC={}\n", "A=\nB=\"\"\nC={}\n"),
        (
            "-----BEGIN X-----\nAAAA\n-----END X-----\nZ=1",
            "-----BEGIN X-----\n[REDACTED:x:4]\n-----END X-----\nZ=[REDACTED:x:1]",
        ),
        (r#"{"auths":{"h":{"auth":"abc"}},"n":1}"#, r#"{"auths":{"h":{"auth":"[REDACTED:x:3]"}},"n":1}"#),
        (
            r#"{"path":"/a/.env","stdout":"A=b\nC"}"#,
            r#"{"path":"/a/.env","stdout":"A=[REDACTED:x:1]\n[REDACTED:x:1]"}"#,
        ),
        (r#"{"stdout":"A=b\nC=\"d"#, r#"{"stdout":"A=[REDACTED:x:1]\nC=[REDACTED:x:2]"#),
        ("Exit code: 0\nOutput:\nA=b", "Exit code: 0\nOutput:\nA=[REDACTED:x:1]"),
        ("word", "[REDACTED:x:4]"),
    ] {
        assert_eq!(masked(text), expected);
        assert_eq!(masked(expected), expected, "once is enough");
    }
    let put = &mut |value: &str| value.to_uppercase();
    assert_eq!(mask_heredoc("cat > a <<'E'\nA=b\nE\nls", put).as_deref(), Some("cat > a <<'E'\nA=B\nE\nls"));
    assert_eq!(mask_heredoc("cat a", put), None);
}

proptest! {
    #[test]
    fn what_is_masked_stays(text in "[A-C=:\"'{}\\[\\],\\\\\n #1-]{0,60}") {
        let once = masked(&text);
        prop_assert_eq!(masked(&once), once);
    }
}
