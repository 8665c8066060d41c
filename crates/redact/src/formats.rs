//! Secrets known by their own form.
//!
//! Prefixes and alphabets are those the providers document: Anthropic and `OpenAI` (API keys page), `GitHub` ("About authentication
//! to `GitHub`", token prefixes), `GitLab` ("Token overview"), Slack ("Token types"), AWS IAM ("Unique identifiers"), Google Cloud
//! ("API keys"), Stripe ("API keys"), npm, `PyPI` and Hugging Face token pages; JSON Web Tokens are RFC 7519, PEM is RFC 7468.

use super::Finding;

/// A key that begins with a fixed text.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) prefix: &'static str,
    rule: &'static str,
    /// Characters after the prefix, besides letters and digits.
    extra: &'static [u8],
    /// Fewest characters after the prefix.
    min: usize,
    /// Exactly `min` characters.
    exact: bool,
}

const fn format(prefix: &'static str, rule: &'static str, extra: &'static [u8], min: usize) -> Format {
    Format { prefix, rule, extra, min, exact: false }
}

const fn exact(prefix: &'static str, rule: &'static str, extra: &'static [u8], min: usize) -> Format {
    Format { prefix, rule, extra, min, exact: true }
}

pub(super) const FORMATS: &[Format] = &[
    format("sk-ant-", "anthropic_key", b"_-", 16),
    format("sk-", "openai_key", b"_-", 20),
    format("ghp_", "github_token", b"", 30),
    format("gho_", "github_token", b"", 30),
    format("ghu_", "github_token", b"", 30),
    format("ghs_", "github_token", b"", 30),
    format("ghr_", "github_token", b"", 30),
    format("github_pat_", "github_token", b"_", 22),
    format("glpat-", "gitlab_token", b"_-.", 20),
    format("glptt-", "gitlab_token", b"_-", 20),
    format("gldt-", "gitlab_token", b"_-", 20),
    format("glrt-", "gitlab_token", b"_-.", 20),
    format("xoxa-", "slack_token", b"-", 10),
    format("xoxb-", "slack_token", b"-", 10),
    format("xoxe-", "slack_token", b"-", 10),
    format("xoxp-", "slack_token", b"-", 10),
    format("xoxr-", "slack_token", b"-", 10),
    format("xoxs-", "slack_token", b"-", 10),
    format("xapp-", "slack_token", b"-", 20),
    exact("AKIA", "aws_access_key", b"", 16),
    exact("ASIA", "aws_access_key", b"", 16),
    exact("AIza", "google_key", b"_-", 35),
    format("ya29.", "google_key", b"_-.", 20),
    format("sk_live_", "stripe_key", b"", 16),
    format("sk_test_", "stripe_key", b"", 16),
    format("rk_live_", "stripe_key", b"", 16),
    format("rk_test_", "stripe_key", b"", 16),
    format("whsec_", "stripe_key", b"", 20),
    format("npm_", "npm_token", b"", 36),
    format("pypi-AgEI", "pypi_token", b"_-", 50),
    format("hf_", "huggingface_token", b"", 30),
];

pub(super) fn prefixed(format: &Format, text: &str, start: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let body = start + format.prefix.len();
    if !text.get(start..)?.starts_with(format.prefix) || !is_left_edge(bytes, start) {
        return None;
    }
    let length = run(bytes, body, |byte| byte.is_ascii_alphanumeric() || format.extra.contains(&byte));
    let secret = text.get(body..body + length)?;
    let fits = if format.exact { length == format.min } else { length >= format.min };
    let random =
        secret.bytes().any(|byte| byte.is_ascii_digit()) && secret.bytes().any(|byte| byte.is_ascii_alphabetic());
    let spelled = format.prefix != "AKIA" && format.prefix != "ASIA" || !secret.bytes().any(|b| b.is_ascii_lowercase());
    (fits && random && spelled).then(|| found(start, body + length, format.rule))
}

/// `header.payload.signature`, each base64url.
pub(super) fn jwt(text: &str, start: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    if !text.get(start..)?.starts_with("eyJ") || !is_left_edge(bytes, start) {
        return None;
    }
    let part = |from| run(bytes, from, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let mut end = start + part(start);
    let mut dots = 0;
    while bytes.get(end) == Some(&b'.') && dots < 4 {
        let length = part(end + 1);
        if length == 0 {
            break;
        }
        end += 1 + length;
        dots += 1;
    }
    (dots >= 2 && end - start >= 32).then(|| found(start, end, "jwt"))
}

/// From `-----BEGIN … PRIVATE KEY` to the end of its `-----END …` line, or of the text when it is cut off.
pub(super) fn private_key(text: &str, start: usize) -> Option<Finding> {
    let rest = text.get(start..)?;
    let label = rest.get("-----BEGIN".len()..)?;
    let label = label.get(..memchr::memmem::find(label.as_bytes().get(..label.len().min(64))?, b"-----")?)?;
    if !label.to_ascii_uppercase().contains("PRIVATE KEY") {
        return None;
    }
    let body = "-----BEGIN".len() + label.len() + "-----".len();
    let end = memchr::memmem::find(rest.as_bytes().get(body..)?, b"-----END").map_or(rest.len(), |at| {
        let footer = body + at + "-----END".len();
        let tail = rest.as_bytes().get(footer..).unwrap_or_default();
        let tail = tail.get(..tail.len().min(64)).unwrap_or_default();
        footer + memchr::memmem::find(tail, b"-----").map_or(0, |dashes| dashes + 5)
    });
    Some(found(start, start + end, "private_key"))
}

/// The password in `scheme://user:password@host`, or a long token alone before the `@`; `end` is behind the slashes.
pub(super) fn url_user(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let authority = end..end + run(bytes, end, |byte| byte.is_ascii_graphic() && !b"/?#\"'`<>\\|".contains(&byte));
    let at = end + memchr::memrchr(b'@', bytes.get(authority)?)?;
    let user_info = text.get(end..at)?;
    let (start, secret) = match user_info.split_once(':') {
        Some((user, password)) => (end + user.len() + 1, password),
        None => (end, user_info),
    };
    let is_token = start > end || secret.len() >= 20 && secret.bytes().any(|byte| byte.is_ascii_digit());
    (is_token && !secret.is_empty() && !super::value::is_placeholder(secret) && !user_info.contains("[REDACTED"))
        .then(|| found(start, at, "url_user"))
}

/// Not in the middle of a word; an escape such as `\n` or `%3D` before it is no word.
fn is_left_edge(bytes: &[u8], start: usize) -> bool {
    let before = |back: usize| start.checked_sub(back).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let last = before(1);
    !(last.is_ascii_alphanumeric() || last == b'_' || last == b'-')
        || b"nrt".contains(&last) && before(2) == b'\\'
        || last.is_ascii_hexdigit() && before(2).is_ascii_hexdigit() && before(3) == b'%'
}

/// How many bytes from `from` on satisfy `test`.
pub(super) fn run(bytes: &[u8], from: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes.get(from..).unwrap_or_default().iter().take_while(|byte| test(**byte)).count()
}

pub(super) fn found(start: usize, end: usize, rule: &'static str) -> Finding {
    Finding { range: start..end, rule, quote: "" }
}
