use std::collections::BTreeSet;

use super::{Format, Kind, Rule, VERSION, builtin, formats};

fn found<'t>(format: &Format, text: &'t str) -> Vec<&'t str> {
    let lower = text.to_ascii_lowercase();
    let mut ranges = BTreeSet::new();
    for literal in format.rule.literals {
        for (start, literal) in lower.match_indices(&literal.to_ascii_lowercase()) {
            ranges.extend(format.find_at(text, start..start + literal.len()).map(|range| (range.start, range.end)));
        }
    }
    let mut last = 0;
    let apart = ranges.into_iter().filter(|(start, end)| {
        *start >= last && {
            last = *end;
            true
        }
    });
    apart.filter_map(|(start, end)| text.get(start..end)).collect()
}

impl Rule {
    /// Whether its secret is a part of what its pattern tells.
    fn has_group(&self) -> bool {
        self.pattern.replace("(?", "").contains('(')
    }
}

const PLACES: [(&str, &str); 8] = [
    ("", ""),
    ("'", "'"),
    ("=", "\n"),
    ("\\n", "\\n"),
    ("key: \\\"", "\\\","),
    (" ", " x"),
    ("\u{fc}", "\u{fc}"),
    ("%3D", "%26"),
];

#[test]
fn each_rule_finds_its_examples_whole_wherever_they_stand() {
    let mut wrong = Vec::new();
    for rule in formats() {
        let format = Format::new(rule);
        // a pattern that takes percent signs cannot tell those behind it
        let places = if rule.pattern.contains('%') { &PLACES[..7] } else { &PLACES };
        for (example, (before, after)) in
            rule.matches.iter().flat_map(|example| places.iter().map(move |p| (example, p)))
        {
            let text = format!("{before}{example}{after}");
            let found = found(&format, &text);
            let is_whole = found == [*example] || rule.has_group() && found.len() == 1 && example.contains(found[0]);
            if !is_whole {
                wrong.push(format!("{} in {text}: {found:?}", rule.id));
            }
        }
        wrong.extend(
            rule.rejects.iter().filter(|t| !found(&format, t).is_empty()).map(|t| format!("{} rejects {t}", rule.id)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_rule_is_told_apart_and_documented() {
    let mut ids = BTreeSet::new();
    for rule in builtin() {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{}", rule.id);
        assert!(!rule.description.is_empty() && !rule.source.is_empty(), "{}", rule.id);
        assert!(!rule.matches.is_empty() && !rule.rejects.is_empty(), "{}", rule.id);
        for literal in rule.literals {
            let literal = literal.to_ascii_lowercase();
            let occurs = rule.matches.iter().any(|example| example.to_ascii_lowercase().contains(&literal));
            assert!(literal.len() >= 3 && occurs || rule.kind != Kind::Format, "{}: {literal}", rule.id);
        }
    }
}

#[test]
fn each_rule_by_context_finds_its_examples() {
    let on = Some(crate::Treatment::Hash);
    let pii = crate::Pii { email: on, path_user: on, ip_address: on, payment_card: on };
    let redactor = crate::Redactor::with_options(&crate::Options { pii, ..Default::default() }).expect("a redactor");
    let of_context: Vec<&Rule> = builtin().filter(|rule| rule.kind == Kind::Context).collect();
    let finds = |rule: &Rule, text: &str| redactor.find(text).iter().any(|finding| finding.rule == rule.id);
    for rule in &of_context {
        for example in rule.matches {
            assert!(finds(rule, example), "{} in {example}", rule.id);
        }
        for example in rule.rejects {
            assert!(!finds(rule, example), "{} rejects {example}", rule.id);
        }
    }
    let ids: Vec<&str> = of_context.iter().map(|rule| rule.id).collect();
    for id in crate::RULES.iter().chain(&crate::pii::RULES) {
        assert!(ids.contains(id), "{id} has no entry");
    }
}

/// What the rules say, by FNV-1a (64 bits). When it differs, raise [`VERSION`] and write the new sum here.
const SUM: (&str, u64) = ("2026-11-21.2", 15_522_644_586_536_951_591);

#[test]
fn the_version_is_raised_when_the_rules_change() {
    let all = builtin().map(|rule| format!("{:?}", (rule.id, rule.literals, rule.pattern, rule.check, rule.lead)));
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let sum = all.flat_map(String::into_bytes).fold(0xCBF2_9CE4_8422_2325, step);
    assert_eq!((VERSION, sum), SUM);
}
