//! Several values or lines under one name.

use super::grammar::{check, survive};
use super::redact;

#[test]
fn items_of_lists_go() {
    check(&[
        (
            "passwords:\n  - hunter2!x\n  - Q4rtz77x\nb: 1",
            "passwords:\n  - [REDACTED:password]\n  - [REDACTED:password]\nb: 1",
        ),
        (
            "passwords:\n- 'hunter2!x'\n- \"Q4rtz77x\" # bob\n",
            "passwords:\n- '[REDACTED:password]'\n- \"[REDACTED:password]\" # bob\n",
        ),
        ("db:\n  api_keys:\n    - F4k3Q4rtz77xW2b8\n  x: y", "db:\n  api_keys:\n    - [REDACTED:api_key]\n  x: y"),
        (
            "api_keys: [F4k3Q4rtz77xW2b8, 'W2b8F4k3Q4rtz77x']\n",
            "api_keys: [[REDACTED:api_key], '[REDACTED:api_key]']\n",
        ),
        (
            "passwords = [\n  \"hunter2!x\", # bob\n  \"Q4rtz77x\",\n]",
            "passwords = [\n  \"[REDACTED:password]\", # bob\n  \"[REDACTED:password]\",\n]",
        ),
        (r#"{"api_keys":["F4k3Q4rtz77xW2b8"],"n":1}"#, r#"{"api_keys":["[REDACTED:api_key]"],"n":1}"#),
        (
            r#"{\"passwords\":[\"hunter2!x\",\"Q4rtz77x\"]}"#,
            r#"{\"passwords\":[\"[REDACTED:password]\",\"[REDACTED:password]\"]}"#,
        ),
        (
            r"a:\npasswords:\n  - hunter2!x\n  - Q4rtz77x\nb: 1",
            r"a:\npasswords:\n  - [REDACTED:password]\n  - [REDACTED:password]\nb: 1",
        ),
        (
            "passwords:\n  root: hunter2!x\n  bob: Q4rtz77x\nb: 1",
            "passwords:\n  root: [REDACTED:password]\n  bob: [REDACTED:password]\nb: 1",
        ),
        ("password:\n  Q4rtz77x\nb: 1", "password:\n  [REDACTED:password]\nb: 1"),
    ]);
    let many: Vec<String> = (0..100).map(|nth| format!("\"Q4rtz{nth:03}xW2b8\"")).collect();
    let redacted = redact(&format!("api_keys = [{}]\n", many.join(", ")));
    assert!(!redacted.contains("Q4rtz"), "{redacted}");
}

#[test]
fn lists_without_a_secret_stay() {
    survive(&[
        "passwords:\n  - Use at least 12 characters\n  - never share1 them\n",
        "secrets:\n  - db-password-2024\n  - api_token_v2\n",
        "secrets:\n  db_password:\n    file: ./db_password.txt\n",
        "secrets:\n  TOKEN: ${{ secrets.DEPLOY_TOKEN1 }}\n",
        "tokens: [token1, token2]",
        "let passwords = [password1, password2];",
        "f(passwords: [password1, password2], x)",
        "\"pattern\": \"secret:[a-zA-Z0-9/_+=.@-]+$\",",
        "api_keys:\n  - name: build1234567\n",
        "keys: [a1b2c3d4e5f6a7b8]\ncache_keys:\n  - a1b2c3d4e5f6a7b8\n",
        "Password:\n  Enter the new one twice\n",
        "password:\n\nb1234567: 1\n",
    ]);
}

#[test]
fn lines_of_a_block_go_together() {
    check(&[
        (
            "private_key: |\n  F4k3Q4rtz77xW2b8F4k3\n  W2b8m9F4k3Q4rtz77xab\n\n  Zk2mW9xL4vF4k3Q4rt\nnext: 1",
            "private_key: |\n  [REDACTED:secret]\nnext: 1",
        ),
        ("secret: >-\n    F4k3Q4rtz77xW2b8\n    W2b8m9\n  x: 1", "secret: >-\n    [REDACTED:secret]\n  x: 1"),
        ("password: |\n  correct horse Q4rtz77x\n  staple9x\n", "password: |\n  [REDACTED:password]\n"),
        (
            r#"{"file":"private_key: |\n  F4k3Q4rtz77xW2b8F4k3\n  W2b8m9F4k3Q4rtz77xab\nnext: 1"}"#,
            r#"{"file":"private_key: |\n  [REDACTED:secret]\nnext: 1"}"#,
        ),
        (
            r#"{"file":"private_key: |\n  F4k3Q4rtz77xW2b8F4k3\n  W2b8m9F4k3Q4rtz77xab"}"#,
            r#"{"file":"private_key: |\n  [REDACTED:secret]"}"#,
        ),
        ("PRIVATE_KEY=\"F4k3Q4rtz77xW2b8\nW2b8m9F4k3==\"\nX=1", "PRIVATE_KEY=\"[REDACTED:secret]\"\nX=1"),
        ("DB_PASSWORD='Q4rtz77x\nsecond9line'\nX=1", "DB_PASSWORD='[REDACTED:password]'\nX=1"),
        (
            "secret_key = \"\"\"\nF4k3Q4rtz77xW2b8\nW2b8m9F4k3\n\"\"\"\n",
            "secret_key = \"\"\"\n[REDACTED:secret]\n\"\"\"\n",
        ),
        (
            "private_key = <<EOT\nF4k3Q4rtz77xW2b8\nW2b8m9F4k3\nEOT\nx = 1",
            "private_key = <<EOT\n[REDACTED:secret]\nEOT\nx = 1",
        ),
    ]);
}

#[test]
fn a_quote_that_is_not_closed_takes_no_sentences() {
    check(&[
        ("password='Q4rtz77x\nit isn't closed\n", "password='[REDACTED:password]\nit isn't closed\n"),
        ("password=\"Q4rtz77x\nX=1\nthe \"end\"\n", "password=\"[REDACTED:password]\nX=1\nthe \"end\"\n"),
    ]);
    survive(&[
        "secret: |\n  some words for people\n  and more\n",
        "password = <<EOT\nEOT\n",
        "token: \"\"\"\nA text.\n\"\"\"\n",
    ]);
}
