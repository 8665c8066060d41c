use std::borrow::Cow;

use crate::{Counts, CustomRule, HashKey, Options, Redactor, RuleError};

const ACME: &str = r#"
    disable = ["password", "github_token"]

    [pii]
    email = "mask"
    path_user = "hash"

    [[rules]]
    id = "acme_key"
    keywords = ["acme_"]
    pattern = 'acme_([0-9a-f]{24})\b'
    matches = ["acme_fa15e2d1b3b7c3da2ab85225"]
    rejects = ["acme_gateway"]
"#;

fn options(text: &str) -> Options {
    toml::from_str(text).expect("options")
}

fn redact(redactor: &Redactor, text: &str) -> String {
    let key = HashKey::derive(b"tests", "tests");
    redactor.with_key(&key).redact(Cow::Borrowed(text), &mut Counts::default()).into_owned()
}

#[test]
fn a_user_adds_rules_and_switches_others_off() {
    let redactor = Redactor::with_options(&options(ACME)).expect("a redactor");
    let text = redact(&redactor, "x ACME_ acme_fa15e2d1b3b7c3da2ab85225 y");
    assert!(text.starts_with("x ACME_ acme_[REDACTED:acme_key:") && text.ends_with("] y"), "{text}");
    for kept in ["password: hunter22", "x 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"] {
        assert_eq!(redact(&redactor, kept), kept);
    }
    assert_eq!(redactor.find_named("password", "hunter22"), []);
    assert_eq!(redactor.find_named("algolia_admin", "fa15e2d1b3b7c3da2ab852252f4c6a71").len(), 1);
    assert_eq!(redact(&redactor, "to ada@example.com"), "to [REDACTED:email]");
    assert!(redact(&redactor, "cd /home/ada/x").starts_with("cd /home/[REDACTED:path_user:"));
}

#[test]
fn a_rule_that_cannot_be_used_says_why() {
    let cases = [
        ("id = 'Bad-Id'\nkeywords = ['acme']\npattern = 'acme1'", "Id"),
        ("id = 'x'\nkeywords = ['acme']\npattern = ''", "NoPattern"),
        (
            "id = 'x'\nkeywords = ['acme']\npattern = 'acme1'\n[[rules]]\nid = 'x'\nkeywords = ['acme']\npattern = '1'",
            "Twice",
        ),
        ("id = 'x'\nkeywords = []\npattern = 'acme1'", "Keywords"),
        ("id = 'x'\nkeywords = ['a']\npattern = 'acme1'", "Keywords"),
        ("id = 'x'\nkeywords = ['acme']\npattern = 'acme('", "Pattern"),
        ("id = 'x'\nkeywords = ['acme']\npattern = '(?:\\w{500}){500}'", "Pattern"),
        ("id = 'x'\nkeywords = ['acme']\npattern = '(?:acme)*'", "Empty"),
        ("id = 'x'\nkeywords = ['acme']\npattern = 'acme1'\ngroup = 1", "Group"),
        ("id = 'x'\nkeywords = ['acme']\npattern = 'acme1'\nmatches = ['acme2']", "Misses"),
        ("id = 'x'\nkeywords = ['acme']\npattern = 'acme1'\nrejects = ['acme1']", "Takes"),
    ];
    for (rule, expected) in cases {
        let error = Redactor::with_options(&options(&format!("[[rules]]\n{rule}"))).expect_err(rule);
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    }
    let error = Redactor::with_options(&options("disable = ['pasword']")).expect_err("no such rule");
    assert_eq!(error, RuleError::Unknown { id: "pasword".to_owned(), nearest: "password".to_owned() });
}

#[test]
fn rules_in_the_form_of_gitleaks_are_taken() {
    let rules = CustomRule::from_gitleaks(
        r#"
        title = "rules"
        [allowlist]
        paths = ['''vendor/''']
        [[rules]]
        id = "acme-api-key"
        description = "Acme"
        regex = '''(?i)(?:acme)(?:.{0,20})[=:]\s*['"]?([0-9a-z]{20})\b'''
        secretGroup = 1
        entropy = 3.2
        keywords = ["acme"]
        [[rules.allowlists]]
        stopwords = ["sample"]
        regexes = ['''^0{8}''']
        "#,
    )
    .expect("rules");
    let redactor = Redactor::with_options(&Options { rules, ..Options::default() }).expect("a redactor");
    let text = redact(&redactor, "Acme prefix = 'f4k3x9q2m7w1z8r5t6y0'");
    assert!(text.starts_with("Acme prefix = '[REDACTED:acme_api_key:"), "{text}");
    for kept in
        ["acme prefix = sample9q2m7w1z8r5t6y", "acme prefix = 00000000zzzzzzzzzzzz", "other = f4k3x9q2m7w1z8r5t6y0"]
    {
        assert_eq!(redact(&redactor, kept), kept);
    }
    let rules = CustomRule::from_gitleaks("[[rules]]\nid = \"by-path\"\npath = '''x'''").expect("rules");
    let mut options = Options { rules, ..Options::default() };
    assert_eq!(Redactor::with_options(&options).err(), Some(RuleError::NoPattern { id: "by_path".to_owned() }));
    options.disable.push("by_path".to_owned());
    assert!(Redactor::with_options(&options).is_ok());
}

#[test]
fn dense_keywords_are_read_once() {
    let rule = CustomRule {
        id: "acme_line".to_owned(),
        keywords: vec!["acme".to_owned()],
        pattern: r"acme_[0-9]{4}(?:[a-z ]*end)?".to_owned(),
        matches: vec!["acme_0000".to_owned()],
        ..CustomRule::default()
    };
    let redactor = Redactor::with_options(&Options { rules: vec![rule], ..Options::default() }).expect("a redactor");
    assert_eq!(redactor.find(&"acme ".repeat(20_000)).len(), 0);
    assert_eq!(redactor.find(&"acme_0000 ".repeat(2_000)).len(), 2_000);
}
