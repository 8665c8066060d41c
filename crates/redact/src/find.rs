//! One pass of a literal automaton over a text, and what is examined where a literal was found.
//!
//! The search is an overlapping one, so that no literal hides another. What is looked at around a hit is bounded by
//! [`crate::text::REACH`], or goes on where the last look ended, so that the whole is linear in the text. Values that begin within
//! values that are no secrets are looked at by a budget of the text; where it ends, they go.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::context::{
    assignment, authorization, command, crypt, jwt, mnemonic, name, pgpass, private_key, provider, sql, stdin, url,
};
use crate::literals::Literals;
use crate::rules::{self, Customs, Formats, Windows};
use crate::text::Set;
use crate::{Finding, Options, Pii, RuleError};
use crate::{known, placeholder, text};

/// What may begin where a literal was found.
#[derive(Clone, Copy, Debug)]
enum Trigger {
    /// Part of an identifier that may promise a secret.
    Name,
    Bearer,
    Basic,
    UrlAuthority,
    PrivateKey,
    WrappedPrivateKey,
    PuttyKey,
    Jwt,
    Crypt,
    Mnemonic,
    Sql,
    SetPassword,
    /// A command line; its number in [`command::COMMANDS`].
    Command(usize),
    /// A command that reads a secret from its input; its number in [`stdin::READERS`].
    Reader(usize),
    Pgpass,
    /// Our own text, in which nothing begins.
    Placeholder,
    /// The number of a literal in [`Formats`].
    Format(usize),
    /// The name of a provider.
    Provider,
    /// The number of a keyword in [`Customs`].
    Custom(usize),
}

/// The compiled literals, and what each begins.
#[derive(Debug)]
pub(crate) struct Engine {
    literals: Literals,
    /// By the number of the literal.
    triggers: Vec<Trigger>,
    formats: Formats,
    customs: Customs,
    pii: Pii,
    disabled: BTreeSet<String>,
}

/// What a search has found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    findings: Vec<Finding>,
    /// Names up to here were examined.
    pub(crate) examined: usize,
    /// Text up to here is covered by a finding.
    pub(crate) covered: usize,
    /// Covered by the format of a provider, where only a longer literal at the same place may tell more.
    format: Range<usize>,
    /// Up to here nothing is looked at: a placeholder.
    closed: usize,
    pub(crate) commands: command::Seen,
    /// Commands that read a secret from their input were looked for up to here.
    pub(crate) piped: usize,
    pub(crate) names: name::Remembered,
    /// The last run of bytes that was looked at for the value of a provider's name.
    pub(crate) opaque: Range<usize>,
    /// The last values that are no secrets, each of which begins in the one before.
    pub(crate) refused: Range<usize>,
    /// Where the rules of a user are looked for.
    windows: Windows,
    /// Bytes that may still be looked at in the rows of tables and in values: names may stand so close to each other that what
    /// follows them is looked at once for each.
    budget: usize,
}

/// Bytes looked at for each byte of a text, besides the search and the first [`crate::text::REACH`] bytes of each place.
const BUDGET: usize = 2;

impl Found {
    /// Whether so many bytes more may be looked at.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        let rest = self.budget.checked_sub(bytes);
        self.budget = rest.unwrap_or(self.budget);
        rest.is_some()
    }

    /// Whether a value within values that are none was looked at as often as a text may ask for: then all of them go.
    pub(crate) fn is_exhausted_by(&mut self, value: &Range<usize>) -> bool {
        let is_within = self.refused.contains(&value.start) && value.start > self.refused.start;
        is_within && !self.spend(value.len())
    }

    /// Takes note of a value that is no secret. One with quotes, brackets or line ends is more than one value, and must not go
    /// as a whole.
    pub(crate) fn refuse(&mut self, bytes: &[u8], value: &Range<usize>) {
        static MARKS: Set = Set::of(b"\"'`\\<>{}[]()\r\n");
        let is_one = !bytes.get(value.clone()).unwrap_or_default().iter().any(|byte| MARKS.has(*byte));
        let start = if self.refused.contains(&value.start) { self.refused.start } else { value.start };
        self.refused = if is_one { start..value.end.max(self.refused.end) } else { 0..0 };
    }

    /// The last finding reaches to here.
    pub(crate) fn extend(&mut self, end: usize) {
        if let Some(last) = self.findings.last_mut().filter(|last| last.range.end < end) {
            last.range.end = end;
            self.covered = self.covered.max(end);
        }
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        self.covered = self.covered.max(finding.range.end);
        self.findings.push(finding);
    }
}

/// No shorter text holds a name and a value.
const SHORTEST: usize = 6;

impl Engine {
    pub(crate) fn new(options: &Options) -> Result<Self, RuleError> {
        let disabled = options.disabled()?;
        let (keywords, customs) = Customs::new(&options.customs(&disabled)?)?;
        let fixed = [
            ("bearer", Trigger::Bearer),
            ("basic ", Trigger::Basic),
            ("://", Trigger::UrlAuthority),
            (":\\/\\/", Trigger::UrlAuthority),
            ("-----begin", Trigger::PrivateKey),
            ("---- begin", Trigger::PrivateKey),
            ("LS0tLS1CRUdJTi", Trigger::WrappedPrivateKey),
            ("private-lines:", Trigger::PuttyKey),
            ("eyj", Trigger::Jwt),
            ("mnemonic", Trigger::Mnemonic),
            ("seed", Trigger::Mnemonic),
            ("recovery phrase", Trigger::Mnemonic),
            ("identified ", Trigger::Sql),
            ("set password for ", Trigger::SetPassword),
            (pgpass::LITERAL, Trigger::Pgpass),
            (pgpass::ANY, Trigger::Pgpass),
            (placeholder::START, Trigger::Placeholder),
        ];
        let names = name::LITERALS.iter().map(|literal| (*literal, Trigger::Name));
        let crypts = crypt::PREFIXES.iter().map(|prefix| (*prefix, Trigger::Crypt));
        let commands =
            command::COMMANDS.iter().enumerate().map(|(at, command)| (command.literal, Trigger::Command(at)));
        let readers = stdin::READERS.iter().enumerate().map(|(at, reader)| (reader.literal, Trigger::Reader(at)));
        let (starts, formats) = Formats::new(rules::formats().filter(|rule| !disabled.contains(rule.id)));
        let starts = starts.iter().enumerate().map(|(at, literal)| (literal.as_str(), Trigger::Format(at)));
        let providers: Vec<String> = rules::words().collect();
        let providers = providers.iter().map(|word| (word.as_str(), Trigger::Provider));
        let keywords = keywords.iter().enumerate().map(|(at, keyword)| (keyword.as_str(), Trigger::Custom(at)));
        let known = fixed.into_iter().chain(names).chain(crypts).chain(commands).chain(readers);
        let all = known.chain(starts).chain(providers).chain(keywords);
        let (literals, triggers): (Vec<&str>, Vec<Trigger>) = all.unzip();
        let literals =
            if options.short_lived { Literals::short_lived(&literals) } else { Literals::long_lived(&literals) };
        Ok(Self { literals, triggers, formats, customs, pii: options.pii, disabled })
    }

    /// Id and description of each rule that is on: those of this version, then those of the user.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        rules::builtin()
            .filter(|rule| self.is_on(rule.id))
            .map(|rule| (rule.id, rule.description))
            .chain(self.customs.list())
    }

    /// Whether this rule, of this version, is on.
    pub(crate) fn is_on(&self, rule: &str) -> bool {
        !self.disabled.contains(rule) && self.pii.has(rule)
    }

    /// Whether what this rule finds leaves no hash.
    pub(crate) fn masks(&self, rule: &str) -> bool {
        self.pii.masks(rule)
    }

    /// The secrets of a text, in its order, apart from each other.
    pub(crate) fn find(&self, text: &str) -> Vec<Finding> {
        if text.len() < SHORTEST {
            return Vec::new();
        }
        let windows = self.customs.windows();
        let mut found = Found { budget: BUDGET * text.len() + 4096, windows, ..Found::default() };
        self.literals.search(text.as_bytes(), |literal, hit| {
            if let Some(trigger) = self.triggers.get(literal) {
                self.examine(*trigger, text, hit, &mut found);
            }
        });
        let of_user = self.customs.find(text, &found.windows).into_iter().chain(self.pii.find(text));
        found.findings.extend(of_user.map(|(range, rule)| Finding { range, rule, quote: "" }));
        found.findings.retain(|finding| !self.disabled.contains(finding.rule));
        if found.findings.is_empty() {
            return Vec::new();
        }
        let mut findings = merge(text, found.findings);
        if known::add(text, &mut findings) {
            findings = merge(text, findings);
        }
        findings
    }

    fn examine(&self, trigger: Trigger, text: &str, hit: Range<usize>, found: &mut Found) {
        if hit.start < found.closed {
            return;
        }
        let is_covered = hit.start < found.covered;
        let is_in_format = hit.start > found.format.start && hit.start < found.format.end;
        let finding = match trigger {
            Trigger::Placeholder => {
                found.closed = hit.end + placeholder::rest(text.get(hit.end..).unwrap_or_default());
                None
            }
            Trigger::Format(_) | Trigger::Jwt | Trigger::WrappedPrivateKey if is_in_format => None,
            Trigger::Format(literal) => {
                let finding = self.formats.find(literal, text, hit.start);
                finding.map(|(range, rule)| Finding { range, rule: rule.id, quote: "" })
            }
            Trigger::Custom(keyword) => {
                self.customs.note(&mut found.windows, keyword, hit, text);
                None
            }
            Trigger::Jwt => jwt::find(text, hit.start),
            Trigger::WrappedPrivateKey => private_key::wrapped(text, hit.start),
            _ if is_covered => None,
            Trigger::Name if hit.end > found.examined => {
                let before = found.findings.len();
                assignment::find(text, hit.clone(), found);
                if found.findings.len() == before { provider::find(text, hit, found) } else { None }
            }
            Trigger::Name => None,
            Trigger::Provider => provider::find(text, hit, found),
            Trigger::Bearer => authorization::bearer(text, hit.end),
            Trigger::Basic => authorization::basic(text, hit.end),
            Trigger::UrlAuthority => url::user(text, hit.end),
            Trigger::PrivateKey => private_key::pem(text, hit.start),
            Trigger::PuttyKey => private_key::putty(text, hit.end),
            Trigger::Crypt => crypt::find(text, hit),
            Trigger::Mnemonic => mnemonic::find(text, hit.end),
            Trigger::Sql => sql::identified(text, hit.end),
            Trigger::SetPassword => sql::set_password(text, hit.end),
            Trigger::Command(number) => {
                command::find(number, text, hit, found);
                None
            }
            Trigger::Reader(number) => {
                stdin::find(number, text, hit, found);
                None
            }
            Trigger::Pgpass => pgpass::find(text, hit),
        };
        if let Some(finding) = finding {
            if matches!(trigger, Trigger::Format(_) | Trigger::Jwt | Trigger::WrappedPrivateKey) {
                found.format = finding.range.clone();
            }
            found.push(finding);
        }
    }
}

/// Sorted and apart: what overlaps becomes one, under the rule of the longest part; of equal parts, of the last examined, which
/// knows more than the name before it.
fn merge(text: &str, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    let bytes = text.as_bytes();
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    for mut finding in findings {
        whole_escapes(bytes, &mut finding.range);
        if finding.range.is_empty() || text.get(finding.range.clone()).is_none() {
            continue;
        }
        match merged.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                if finding.range.len() >= last.range.len() {
                    last.rule = finding.rule;
                }
                last.range.end = last.range.end.max(finding.range.end);
            }
            _ => merged.push(finding),
        }
    }
    for finding in &mut merged {
        finding.quote = number_quote(bytes, &finding.range);
    }
    merged
}

/// No range begins or ends within an escape, whose other half would mean something else: at its begin the escape goes with the
/// secret, at its end a quote or a line end stays, and a number of a character goes.
pub(crate) fn whole_escapes(bytes: &[u8], range: &mut Range<usize>) {
    if let Some(escape) = escape_around(bytes, range.start) {
        range.start = escape.start;
    }
    if let Some(escape) = escape_around(bytes, range.end) {
        let is_number = bytes.get(escape.start + 1) == Some(&b'u');
        range.end = if is_number { escape.end } else { escape.start.max(range.start) };
    }
}

/// The escape of JSON that `at` is in the middle of; of two halves of a character beyond `\uffff`, both.
fn escape_around(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let escapes = |start: usize| text::back(bytes, start + 1, usize::MAX, |byte| byte == b'\\') % 2 == 1;
    let around = (1..12).rev().filter_map(|back| at.checked_sub(back)).map(|start| start..start + escape(bytes, start));
    around.into_iter().find(|escape| escape.end > at && escapes(escape.start))
}

/// The length of the escape at `at`: `\n`, `\u0041`, `\ud83d\udd11`, or 0 when there is none.
fn escape(bytes: &[u8], at: usize) -> usize {
    let unit = |at: usize| match bytes.get(at..at + 6)? {
        [b'\\', b'u', digits @ ..] => u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok(),
        _ => None,
    };
    match (unit(at), unit(at + 6)) {
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
        (Some(_), _) => 6,
        (None, _) => {
            if bytes.get(at) == Some(&b'\\') {
                2
            } else {
                0
            }
        }
    }
}

/// The quote that a number of JSON needs to become a text: that of the key before it, whose backslashes say how deep it is in
/// strings of strings.
fn number_quote(bytes: &[u8], range: &Range<usize>) -> &'static str {
    let is_number = bytes
        .get(range.clone())
        .is_some_and(|value| value.iter().all(|byte| byte.is_ascii_digit() || b"eE+-.".contains(byte)));
    let behind_space = |end: usize| end - text::back(bytes, end, 64, |byte| byte.is_ascii_whitespace());
    let colon = behind_space(range.start);
    if !is_number || text::byte_before(bytes, colon) != Some(b':') {
        return "";
    }
    let key = behind_space(colon - 1);
    if text::byte_before(bytes, key) != Some(b'"') {
        return "";
    }
    match text::back(bytes, key - 1, 64, |byte| byte == b'\\') {
        1 => "\\\"",
        3 => "\\\\\\\"",
        _ => "\"",
    }
}
