//! Optional classes of what tells people apart; each is off unless a user switches it on.
//!
//! Masked, a value leaves `[REDACTED:email]`; hashed, it leaves a placeholder as a secret does, so that people can be counted.

use std::ops::Range;

use serde::Deserialize;

/// `[redaction.pii]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pii {
    /// `ada@example.com`
    pub email: Option<Treatment>,
    /// The name of the user in `/home/ada/`, `/Users/ada/`, `C:\Users\ada\`.
    pub path_user: Option<Treatment>,
    /// `192.0.2.1`, `2001:db8::1`; not those of the machine itself.
    pub ip_address: Option<Treatment>,
    /// 13 to 19 digits with the check digit of ISO/IEC 7812-1 (Luhn).
    pub payment_card: Option<Treatment>,
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Treatment {
    Mask,
    Hash,
}

/// The rules of the classes.
pub const RULES: [&str; 4] = ["email", "ip_address", "path_user", "payment_card"];

impl Pii {
    fn is_off(self) -> bool {
        self == Self::default()
    }

    /// Whether this rule is on, or none of the classes.
    pub(crate) fn has(self, rule: &str) -> bool {
        !RULES.contains(&rule) || self.treatment(rule).is_some()
    }

    /// Whether what this rule finds leaves no hash.
    pub(crate) fn masks(self, rule: &str) -> bool {
        self.treatment(rule) == Some(Treatment::Mask)
    }

    fn treatment(self, rule: &str) -> Option<Treatment> {
        match rule {
            "email" => self.email,
            "path_user" => self.path_user,
            "ip_address" => self.ip_address,
            "payment_card" => self.payment_card,
            _ => None,
        }
    }

    /// Place and rule, in the order of the text for each class.
    pub(crate) fn find(self, text: &str) -> Vec<(Range<usize>, &'static str)> {
        let mut found = Vec::new();
        if self.is_off() {
            return found;
        }
        if self.email.is_some() {
            found.extend(emails(text).map(|range| (range, "email")));
        }
        if self.path_user.is_some() {
            found.extend(path_users(text).into_iter().map(|range| (range, "path_user")));
        }
        if self.ip_address.is_some() {
            found.extend(
                words(text, |b| b.is_ascii_hexdigit() || b == b'.' || b == b':')
                    .filter_map(|range| Some((address(text, range)?, "ip_address"))),
            );
        }
        if self.payment_card.is_some() {
            found.extend(
                words(text, |b| b.is_ascii_digit() || b == b' ' || b == b'-')
                    .flat_map(|range| cards(text, range).map(|range| (range, "payment_card"))),
            );
        }
        found
    }
}

/// The longest runs of bytes of a class.
fn words(text: &str, is_in: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes.get(at..)?.iter().position(|byte| is_in(*byte))?;
        let length = bytes.get(start..)?.iter().take_while(|byte| is_in(**byte)).count();
        at = start + length;
        Some(start..at)
    })
}

/// `local@domain` (RFC 5321), where the local part is of up to 64 ASCII bytes and the domain has a dot.
fn emails(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut last = 0;
    memchr::memchr_iter(b'@', bytes).filter_map(move |at| {
        let is_local = |b: &&u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
        let local = bytes.get(last..at)?.iter().rev().take(65).take_while(is_local).count();
        let is_domain = |b: &&u8| b.is_ascii_alphanumeric() || b".-".contains(b);
        let domain = bytes.get(at + 1..)?.iter().take(254).take_while(is_domain).count();
        let domain = text.get(at + 1..at + 1 + domain)?.trim_end_matches(['.', '-']);
        let (name, top) = domain.rsplit_once('.')?;
        let is_top = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
        let range = at - local..at + 1 + domain.len();
        let is_email = (1..=64).contains(&local) && !name.is_empty() && is_top && bytes.get(range.end) != Some(&b':');
        last = if is_email { range.end } else { last };
        is_email.then_some(range)
    })
}

/// Names of users that are not of people.
const NOBODY: [&str; 10] =
    ["root", "runner", "user", "ubuntu", "admin", "shared", "public", "default", "node", "linuxbrew"];

fn path_users(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for root in ["/home/", "/Users/", "\\Users\\", "\\\\Users\\\\"] {
        for at in memchr::memmem::find_iter(text.as_bytes(), root) {
            let start = at + root.len();
            let rest = text.get(start..).unwrap_or_default();
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len().min(64));
            let name = rest.get(..end).unwrap_or_default().trim_end_matches('.');
            let is_person = !name.is_empty() && !NOBODY.iter().any(|nobody| name.eq_ignore_ascii_case(nobody));
            if is_person && end <= 64 {
                found.push(start..start + name.len());
            }
        }
    }
    found
}

/// An address that is not of the machine itself, nor unset; a port behind it stays.
fn address(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-')
    };
    let word = text.get(range.clone())?.trim_end_matches(['.', ':']);
    if word.len() < 3 || is_word(range.start.checked_sub(1)) || is_word(Some(range.start + word.len())) {
        return None;
    }
    let host = word.rsplit_once(':').filter(|(host, _)| host.contains('.') && !host.contains(':'));
    let word = host.map_or(word, |(host, _)| host);
    let address: std::net::IpAddr = word.parse().ok()?;
    let is_short = matches!(address, std::net::IpAddr::V6(_)) && word.len() < 6;
    let is_own = address.is_loopback() || address.is_unspecified() || is_short;
    (!is_own).then(|| range.start..range.start + word.len())
}

/// Card numbers in a run of digits, blanks and dashes, of one group or several.
fn cards(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let run = text.get(range.clone()).unwrap_or_default();
    let first = run.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let card = run.get(first..).unwrap_or_default().trim_end_matches([' ', '-']);
    let start = range.start + first;
    is_card(card).then(|| start..start + card.len()).into_iter()
}

fn is_card(card: &str) -> bool {
    let digits: Vec<u32> = card.chars().filter_map(|c| c.to_digit(10)).collect();
    let groups = card.split([' ', '-']);
    let is_grouped = groups.clone().count() == 1 || groups.clone().all(|group| (3..=6).contains(&group.len()));
    let is_issued = matches!(digits.first(), Some(2..=6));
    (13..=19).contains(&digits.len())
        && is_grouped
        && is_issued
        && luhn(&digits)
        && !digits.windows(10).any(|w| w.iter().all(|d| *d == w[0]))
}

/// Every second digit from the right counts double, its own digits summed; the sum ends in 0.
fn luhn(digits: &[u32]) -> bool {
    let doubled = |(at, digit): (usize, &u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::{Pii, Treatment};

    fn found(text: &str) -> Vec<(&str, &'static str)> {
        let on = Some(Treatment::Hash);
        let pii = Pii { email: on, path_user: on, ip_address: on, payment_card: on };
        pii.find(text).into_iter().map(|(range, rule)| (text.get(range).unwrap_or_default(), rule)).collect()
    }

    #[test]
    fn each_class_finds_its_own() {
        assert_eq!(found("mail ada.l+x@mail.example.com."), [("ada.l+x@mail.example.com", "email")]);
        assert_eq!(found("<ada@example.org>,<b@example.org>").len(), 2);
        assert_eq!(found("cd /home/ada/src"), [("ada", "path_user")]);
        assert_eq!(found(r"C:\\Users\\Ada.L\\x"), [("Ada.L", "path_user")]);
        assert_eq!(found(r"C:\Users\ada"), [("ada", "path_user")]);
        assert_eq!(found("from 192.0.2.17:443 to"), [("192.0.2.17", "ip_address")]);
        assert_eq!(found("[2001:db8::17]"), [("2001:db8::17", "ip_address")]);
        assert_eq!(found("card 4111 1111 1111 1111"), []);
        assert_eq!(found("card 4242 4242 4242 4242, 5555-5555-5555-4444").len(), 1);
        assert_eq!(found("4012888888881881"), [("4012888888881881", "payment_card")]);
    }

    #[test]
    fn what_tells_nobody_apart_stays() {
        for text in [
            "git@github.com:acme/demo",
            "user@host",
            "@types/node@20.1.0",
            "/home/runner/work",
            "127.0.0.1:8080 ::1 0.0.0.0",
            "1.2.3.4.5 v1.2.3.4 12:30:45 std::fmt",
            "1234567890123456",
            "2026-11-21 14:22:10",
            "session 4242424242424241",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
