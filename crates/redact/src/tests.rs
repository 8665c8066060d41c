use std::borrow::Cow;
use std::sync::LazyLock;

use super::{Counts, HashKey, RULES, Redactor};

mod commands;
mod fixtures;
mod grammar;
mod lists;
mod properties;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::new);

fn key() -> HashKey {
    HashKey::derive(b"tests", "tests")
}

/// Without the hashes of the placeholders.
fn redact(text: &str) -> String {
    without_hashes(&REDACTOR.with_key(&key()).redact(Cow::Borrowed(text), &mut Counts::default()))
}

fn without_hashes(text: &str) -> String {
    static HASH: LazyLock<regex::Regex> =
        LazyLock::new(|| regex::Regex::new(r"(\[REDACTED:[a-z_]+):[0-9a-f]{8}\]").expect("a regex"));
    HASH.replace_all(text, "$1]").into_owned()
}

#[test]
fn secrets_go() {
    let cases = [
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [REDACTED:authorization]"),
        ("authorization=Basic dXNlcjpwdw==", "authorization=Basic [REDACTED:authorization]"),
        ("proxy-Authorization: ApiKey k1k2k3k4", "proxy-Authorization: ApiKey [REDACTED:authorization]"),
        (
            "curl -H 'Authorization: Bearer t0k3n-value' https://x",
            "curl -H 'Authorization: Bearer [REDACTED:authorization]' https://x",
        ),
        ("got bearer a1b2c3d4e5f6", "got bearer [REDACTED:bearer]"),
        ("BASIC dXNlcjpwYXNzd29yZA==", "BASIC [REDACTED:basic]"),
        ("Cookie: session=abc; theme=dark", "Cookie: [REDACTED:cookie]"),
        ("set-cookie: sid=1; Path=/\nnext: line", "set-cookie: [REDACTED:cookie]\nnext: line"),
        ("use COOKIE: session=quokkaGGGG1111bbbb2222cccc please", "use COOKIE: [REDACTED:cookie]"),
        ("COOKIE=s%3Aabcdefgh.ijk", "COOKIE=[REDACTED:cookie]"),
        ("export ANTHROPIC_API_KEY=abcdefgh12345678", "export ANTHROPIC_API_KEY=[REDACTED:api_key]"),
        ("OPENAI_API_KEY='abcdefgh12345678'", "OPENAI_API_KEY='[REDACTED:api_key]'"),
        ("MODA_TOKEN=abcdefghijkl", "MODA_TOKEN=[REDACTED:token]"),
        ("x-api-key: 0123abcd4567", "x-api-key: [REDACTED:api_key]"),
        ("ApiKey=0123abcd4567;Server=db", "ApiKey=[REDACTED:api_key];Server=db"),
        ("mysql --password hunter2 -h db", "mysql --password [REDACTED:password] -h db"),
        ("deploy --token=abcdefgh --dry-run", "deploy --token=[REDACTED:token] --dry-run"),
        ("DB_PASS=hunter2", "DB_PASS=[REDACTED:password]"),
        ("Passwd: hunter2", "Passwd: [REDACTED:password]"),
        ("pwd = 's3cret!'", "pwd = '[REDACTED:password]'"),
        (r#"{"password":"hunter2","user":"a"}"#, r#"{"password":"[REDACTED:password]","user":"a"}"#),
        (r#"{"password": 12345678}"#, r#"{"password": "[REDACTED:password]"}"#),
        (r#"{\"apiKey\":\"abc123def456\",\"n\":1}"#, r#"{\"apiKey\":\"[REDACTED:api_key]\",\"n\":1}"#),
        (r#"{\\\"secret\\\": \\\"abc123def456\\\"}"#, r#"{\\\"secret\\\": \\\"[REDACTED:secret]\\\"}"#),
        (r"line\nclient_secret=abc123def456\nnext", r"line\nclient_secret=[REDACTED:secret]\nnext"),
        ("password: str = \"hunter2\"", "password: str = \"[REDACTED:password]\""),
        ("<password>hunter2</password>", "<password>[REDACTED:password]</password>"),
        ("https://x/?access_token=abcdefgh&page=2", "https://x/?access_token=[REDACTED:token]&page=2"),
        ("https://s3/x?X-Amz-Signature=0123abcd0123abcd&v=1", "https://s3/x?X-Amz-Signature=[REDACTED:credential]&v=1"),
        ("token%3Dabcdefgh1", "token%3D[REDACTED:token]"),
        ("postgres://app:hunter2@db:5432/x", "postgres://app:[REDACTED:url_user]@db:5432/x"),
        (r"https:\/\/u:p4ss@host\/x", r"https:\/\/u:[REDACTED:url_user]@host\/x"),
        ("https://x-access-token-abc12345678@github.com/a/b", "https://[REDACTED:url_user]@github.com/a/b"),
        ("curl -s -u admin:pw https://x", "curl -s -u [REDACTED:curl_user] https://x"),
        ("curl --user 'admin:hunter2' x", "curl --user '[REDACTED:curl_user]' x"),
        ("key sk-ant-api03-F4k3wqHVVX363HcCF78Y97", "key [REDACTED:anthropic_key]"),
        ("sk-proj-F4k3wqHVVX363HcCF78Y97", "[REDACTED:openai_key]"),
        ("xghp (ghp_0123456789abcdefghijABCDEFGHIJ012345)", "xghp ([REDACTED:github_token])"),
        ("github_pat_11ABCDEFG0abcdefghijkl_0123456789", "[REDACTED:github_token]"),
        ("glpat-F4k3wqHVVX363HcCF78Y", "[REDACTED:gitlab_token]"),
        ("xoxb-123456789012-abcdefABCDEF", "[REDACTED:slack_token]"),
        ("AKIAF4K3F4K3F4K3F4K3", "[REDACTED:aws_access_key]"),
        ("AIzaF4k3F4k3F4k3F4k3F4k3F4k3F4k3F4k3F4k", "[REDACTED:google_key]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP", "[REDACTED:jwt]"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\n[REDACTED:private_key]\nb"),
        (r"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n", r"[REDACTED:private_key]\n"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\ncut off", "[REDACTED:private_key]"),
    ];
    for (text, expected) in cases {
        assert_eq!(redact(text), expected, "{text}");
        assert_eq!(redact(expected), expected, "second pass of {text}");
    }
}

#[test]
fn long_secrets_go_whole() {
    let long = "a1".repeat(3000);
    for text in [
        format!("token={long} x"),
        format!("Cookie: a=b; {long}; c={long}"),
        format!("password: \"{long}\""),
        format!("Authorization: Bearer {long}"),
        format!("x bearer {long}"),
        format!("https://u:{long}@h"),
        format!("curl -u a:{long}"),
        format!("ghp_{long}"),
    ] {
        let redacted = redact(&text);
        assert!(!redacted.contains("a1a1"), "{redacted}");
    }
}

#[test]
fn ordinary_text_survives() {
    let cases = [
        "input_tokens: 512",
        "max_tokens=4096 total_tokens=1234567",
        "token: 512",
        r#"{"input_tokens": 512, "max_tokens": 100, "token": 12}"#,
        "session 8e538b79-aa2d-4e36-8720-2e283374fa62",
        "commit 8a1880434743a3c6e38d0f4c7bfe4c4c9006837d",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "/home/dev/demo/src/token.rs",
        "secrets.yaml and password_field",
        "export TOKEN=${TOKEN}",
        "Authorization: Bearer $GITHUB_TOKEN",
        "curl -H \"Authorization: Bearer ${MODA_TOKEN}\"",
        "curl -u $USER:$PASS https://x",
        "api_key: <your-key>",
        "api_key = YOUR_API_KEY",
        "PWD=/home/dev/demo",
        "password = getpass.getpass()",
        "const token = await getToken();",
        "token: CancellationToken,",
        "fn login(user: &str, password: &str)",
        "password: string;",
        "apiKey: config.apiKey,",
        "api_key=os.environ[\"KEY\"]",
        "if token == other { }",
        "Token::new(secret)",
        "the bearer token expired",
        "basic functionality of the password field",
        "Enter password: ",
        "secret: ${{ secrets.DEPLOY }}",
        "https://example.com:8080/a?b=c",
        "git@github.com:acme/demo.git",
        "https://github.com/acme/demo",
        "task-1234567890123456789012",
        "toolu_01000002a1b2c3d4e5f6 req_011CT000001a1b2c3d4e5f6",
        "next_token=abcdefgh1234",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "[REDACTED:token] password=[REDACTED:password]",
        "secret_name: db-creds",
        "password=***",
    ];
    for text in cases {
        let mut counts = Counts::default();
        let kept = REDACTOR.with_key(&key()).redact(Cow::Borrowed(text), &mut counts);
        assert_eq!(kept, text);
        assert!(matches!(kept, Cow::Borrowed(_)) && counts.is_empty(), "{text}");
    }
}

#[test]
fn a_key_protects_its_value() {
    let value = |key: &str, text: &str| {
        let mut text = Cow::Owned(text.to_owned());
        REDACTOR.with_key(&self::key()).redact_named_in_place(key, &mut text, &mut Counts::default());
        without_hashes(&text)
    };
    assert_eq!(value("db.password", "hunter2"), "[REDACTED:password]");
    assert_eq!(value("Authorization", "Bearer abc12345"), "[REDACTED:authorization]");
    assert_eq!(value("token_type", "hunter2x"), "hunter2x");
    assert_eq!(value("password_field", "hunter2"), "hunter2");
}

#[test]
fn findings_are_counted_by_rule() {
    let mut counts = Counts::default();
    let text = "password=hunter2 password=hunter3 AKIAF4K3F4K3F4K3F4K3";
    REDACTOR.with_key(&key()).redact(Cow::Borrowed(text), &mut counts);
    assert_eq!(counts.to_json(), r#"{"aws_access_key":1,"password":2}"#);
    assert!(RULES.is_sorted());
}
