//! Texts made to be slow: what a scanner looks at, as often as fits, in every way that nearly matches.

use std::collections::BTreeSet;

/// What begins something in many rule sets: names, schemes, prefixes of providers.
const STARTS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "credential",
    "authorization",
    "cookie",
    "auth",
    "bearer ",
    "basic ",
    "key",
    "curl ",
    "mysql -p",
    "://",
    "https://",
    "postgres://",
    "-----BEGIN ",
    "eyJ",
    "AKIA",
    "ghp_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk-ant-api03-",
    "xoxb-",
    "npm_",
    "pypi-",
    "hf_",
    "AIza",
    "sk_live_",
    "SG.",
    "[REDACTED:",
];

/// A text and what to call it.
pub(crate) struct Hostile {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The texts that are made by hand, each of about `bytes` bytes.
pub(crate) fn families(bytes: usize) -> Vec<Hostile> {
    let mut all = Vec::new();
    let mut add = |name: &str, text: String| all.push(Hostile { name: name.to_owned(), text });
    for (name, unit) in RUNS {
        add(&format!("run of {name}"), fill("", unit, "", bytes));
    }
    for (name, unit) in NEAR {
        add(&format!("near: {name}"), fill("", unit, "", bytes));
    }
    for (name, unit) in FOUND {
        add(&format!("found: {name}"), fill("", unit, "", bytes));
    }
    for (name, start, unit, end) in ENDLESS {
        add(&format!("endless: {name}"), fill(start, unit, end, bytes));
    }
    for between in ["", " ", "=", "=\"", "\\\":\\\"", "\n"] {
        let unit: String = STARTS.iter().flat_map(|start| [start, between]).collect();
        add(&format!("all starts, {between:?} between"), fill("", &unit, "", bytes));
    }
    for level in 1..=5 {
        add(&format!("JSON in strings, {level} deep"), nested_json(level, bytes));
    }
    add("growing escapes", growing_escapes(bytes));
    add("letters and digits", letters_and_digits(bytes));
    all
}

/// Each literal repeated in the ways that make a rule look at it: alone, as a name, before what is too short or too long.
fn of_literals<'l>(literals: impl IntoIterator<Item = &'l str>, bytes: usize) -> Vec<Hostile> {
    const AFTER: [&str; 7] = ["", " ", "=", "\": \"", "=aB3$kd9Qz7 ", "aB3kd9Qz7wX5vT1mN8rP2sL6", "-_./+"];
    literals
        .into_iter()
        .flat_map(|literal| {
            AFTER.into_iter().map(move |after| Hostile {
                name: format!("{literal:?} before {after:?}"),
                text: fill("", &format!("{literal}{after}"), "", bytes),
            })
        })
        .collect()
}

/// Those of [`of_literals`] for all that the rules begin from, and for the common starts.
pub(crate) fn of_rules(bytes: usize) -> Vec<Hostile> {
    let literals: BTreeSet<&str> =
        redact::rules::builtin().flat_map(|rule| rule.literals).chain(STARTS).copied().collect();
    of_literals(literals, bytes)
}

const RUNS: &[(&str, &str)] = &[
    ("letters", "a"),
    ("capitals", "A"),
    ("digits", "7"),
    ("hexadecimal", "0123456789abcdef"),
    ("spaces", " "),
    ("line ends", "\n"),
    ("tabs", "\t"),
    ("quotes", "\""),
    ("apostrophes", "'"),
    ("backslashes", "\\"),
    ("slashes", "/"),
    ("dots", "."),
    ("hyphens", "-"),
    ("underscores", "_"),
    ("equals signs", "="),
    ("colons", ":"),
    ("commas", ","),
    ("at signs", "@"),
    ("braces", "{"),
    ("brackets", "["),
    ("angles", "<"),
    ("dollars", "$"),
    ("percents", "%41"),
    ("zeros", "\0"),
    ("two-byte letters", "é"),
    ("three-byte letters", "密"),
    ("four-byte signs", "🔑"),
    ("combining signs", "e\u{301}\u{200d}"),
];

const NEAR: &[(&str, &str)] = &[
    ("a GitHub token one short", "ghp_aB3kd9Qz7wX5vT1mN8rP2sL6fG4hJ0cV9yU "),
    ("a GitHub token with a wrong sum", "ghp_aB3kd9Qz7wX5vT1mN8rP2sL6fG4hJ0cV9yUe "),
    ("an AWS key one short", "AKIAQ3EGRIN2J7XWPLT "),
    ("an Anthropic key cut off", "sk-ant-api03-aB3kd9Qz7wX5vT1mN8rP2sL6! "),
    ("Slack's first parts", "xoxb-123456789012-123456789012-"),
    ("JWT of one part", "eyJhbGciOiJIUzI1NiJ9 "),
    ("JWT of two parts", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0 "),
    ("JWT of parts without end", "eyJhbGciOiJIUzI1NiJ9."),
    ("beginnings of private keys", "-----BEGIN RSA PRIVATE KEY-----\n"),
    ("beginnings of private keys, escaped", "-----BEGIN RSA PRIVATE KEY-----\\n"),
    ("URLs with a user", "https://user@host/ "),
    ("URLs cut off in the password", "https://user:pass"),
    ("schemes", "https://"),
    ("user infos without end", "://a:b:"),
    ("escaped schemes", "https:\\/\\/user:"),
    ("curl without user", "curl -X POST -H 'A: b' -d '{}' -v "),
    ("curl -u", "curl -u "),
    ("flags", "--password --token --api-key "),
    ("names in names", "token_password_secret_key_"),
    ("names with dots", "a.token.b.password."),
    ("long name", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_token"),
    ("spaces before the sign", "password                                                                  "),
    ("variables", "password=${PASSWORD} token=$TOKEN secret={{ secret }} "),
    ("counters", "input_tokens: 512, max_tokens=4096, \"output_tokens\":7, "),
    ("placeholders", "api_key=<your-api-key> token=xxxxxxxx password=**** "),
    ("our placeholders", "[REDACTED:token:0123abcd] "),
    ("our placeholder's beginnings", "[REDACTED:token:"),
    ("UUIDs", "7f3c2a10-5b6d-4e8f-9a0b-c1d2e3f4a5b6 "),
    ("digests", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 "),
    (
        "integrity",
        "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\",\n",
    ),
    ("base64 in lines", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9\n"),
    ("e-mail addresses", "a.b+c@example.com, "),
    ("assignments", "a=b;c=d&e=f "),
    ("netrc", "machine a login b password "),
    ("XML", "<password></password><token/>"),
    ("prose", "the password is the token of the secret. "),
    ("SQL", "IDENTIFIED BY PASSWORD ' "),
    ("pipes", "echo a | sudo -S "),
    ("here-documents", "kinit<<A\n"),
    ("lists of YAML", "passwords:\n- "),
    ("blocks of YAML", "secret: |\n a\n"),
    ("quotes over lines", "password='a1b2\n"),
    ("lines of .pgpass", "*:*:a:b:"),
    ("names beside others' letters", "密码=password：токен=token。"),
];

const FOUND: &[(&str, &str)] = &[
    ("passwords", "password=Xk3$wq9Lm2 "),
    ("passwords in JSON", "{\"password\":\"Xk3$wq9Lm2\"},"),
    ("passwords in JSON in a string", "{\\\"password\\\":\\\"Xk3$wq9Lm2\\\"},"),
    ("bearers", "Authorization: Bearer aB3kd9Qz7wX5vT1mN8rP2sL6fG4hJ0\n"),
    ("AWS keys", "AKIAQ3EGRIN2J7XWPLTD "),
    ("URL users", "https://user:Xk3wq9Lm2@host/ "),
    ("cookies", "Cookie: sid=aB3kd9Qz7wX5vT1mN8rP2sL6; csrf=4hJ0cV9yUeaB3kd9\n"),
    ("JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U "),
    (
        "private keys",
        "-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAq7BFUpkGp3+LQmlQ\n-----END PRIVATE KEY-----\n",
    ),
];

/// Name, beginning, what is repeated, end.
const ENDLESS: &[(&str, &str, &str, &str)] = &[
    ("password of letters", "password=", "a", ""),
    ("password of letters and digits", "password=", "aB3", ""),
    ("password in open quotes", "password=\"", "aB3 ", ""),
    ("password in quotes", "password=\"", "aB3 ", "\""),
    ("password of backslashes", "password=\"", "\\", ""),
    ("password of two-byte letters", "password=", "é", ""),
    ("name before a password", "", "a", "_password=Xk3$wq9Lm2"),
    ("spaces before a value", "password: ", " ", "Xk3$wq9Lm2"),
    ("JWT of one part", "eyJ", "hbGci", ""),
    ("JWT", "eyJhbGciOiJIUzI1NiJ9.eyJ", "hbGci", ".dozjgNryP4J3jVmNHl0w5N"),
    (
        "private key",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAq7BFUpkGp3+LQmlQ\n",
        "",
    ),
    ("private key in one line", "-----BEGIN RSA PRIVATE KEY-----", "MIIBVQIBADANBgkqhkiG", ""),
    ("cookie", "Cookie: ", "a=b; ", ""),
    ("URL's user", "https://", "a", ":Xk3wq9Lm2@host"),
    ("URL's password", "https://user:", "a", "@host"),
    ("URL's query", "https://host/?", "a=b&", "token=aB3kd9Qz7wX5vT1m"),
    ("curl", "curl ", "-H 'a: b' ", "-u user:Xk3$wq9Lm2"),
    ("GitHub token", "ghp_", "aB3", ""),
    ("JSON string", "{\"text\":\"", "The build is green. \\n", "\"}"),
    ("JSON array of names", "[\"password\"", ",\"token\"", "]"),
    ("brackets of JSON", "{\"password\":", "[", ""),
    ("objects of JSON", "", "{\"password\":", ""),
    ("our placeholder", "[REDACTED:", "a", "]"),
    ("heredoc", "cat > .env <<EOF\n", "A=b\n", "EOF\n"),
];

fn fill(start: &str, unit: &str, end: &str, bytes: usize) -> String {
    let room = bytes.saturating_sub(start.len() + end.len());
    [start, &unit.repeat(room.div_ceil(unit.len())), end].concat()
}

/// `{"password":"x","next":"{\"password\":\"x\",\"next\":…}"}`, repeated.
fn nested_json(level: usize, bytes: usize) -> String {
    let mut json = String::from("{\"input_tokens\":512,\"password\":\"Xk3$wq9Lm2\",\"token\":null}");
    for _ in 0..level {
        let escaped = json.replace('\\', "\\\\").replace('"', "\\\"");
        json = format!("{{\"password\":\"\",\"next\":\"{escaped}\"}}");
    }
    fill("", &json, "", bytes)
}

/// `password=\"`, `password=\\"`, … with ever more backslashes.
fn growing_escapes(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 1024);
    let mut count = 1;
    while text.len() < bytes {
        text.push_str("password=");
        text.push_str(&"\\".repeat(count % 500));
        text.push('"');
        count += 1;
    }
    text
}

/// Without an end and without a pattern, from a linear congruential generator.
fn letters_and_digits(bytes: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state: u64 = 7;
    (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(ALPHABET[usize::try_from(state >> 58).unwrap_or_default()])
        })
        .collect()
}
