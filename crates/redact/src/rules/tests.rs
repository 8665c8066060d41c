use std::collections::BTreeSet;

use super::edge::{Edge, escape};
use super::{Format, Kind, Lead, Rule, VERSION, builtin, formats, named};

fn found<'t>(format: &Format, text: &'t str) -> Vec<&'t str> {
    let lower = text.to_ascii_lowercase();
    let mut ranges = BTreeSet::new();
    for literal in format.rule.literals {
        for (start, _) in lower.match_indices(&literal.to_ascii_lowercase()) {
            let found = format.find_at(text, start..start + literal.len(), Edge::of(literal));
            ranges.extend(found.map(|range| (range.start, range.end)));
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

/// Signs that people and programs put right before a secret.
const SIGNS: &str = "-_./:=,;|\"'([{<@#~+*&%$!?";

/// Why a secret is not told behind a sign, or else it is.
fn excuse(rule: &Rule, example: &str, sign: u8) -> Option<&'static str> {
    let first = example.as_bytes().first().copied().unwrap_or_default();
    let edges = rule.literals.iter().filter(|literal| has_prefix(example, literal)).map(|literal| Edge::of(literal));
    let edge = if edges.clone().any(|edge| edge == Edge::Any) {
        Edge::Any
    } else {
        edges.max_by_key(|edge| *edge == Edge::Mark).unwrap_or(Edge::Mark)
    };
    match (rule.kind, rule.lead) {
        (Kind::Named | Kind::Keyed, _) if sign.is_ascii_alphanumeric() => Some("part of the name"),
        (Kind::Format, _) if rule.joins.contains(&sign) => {
            Some("a sign of its own alphabet, or of what it is a part of")
        }
        (Kind::Format, Lead::Run { .. }) if sign.is_ascii_alphanumeric() => Some("its first part has no mark"),
        (Kind::Format, Lead::Run { .. }) if sign == b'%' => Some("an escape with its first digits"),
        (Kind::Format, Lead::Run { others, min, max }) if others.contains(&sign) && min < max => {
            Some("of its alphabet")
        }
        (Kind::Format, Lead::None) if sign.is_ascii_alphanumeric() && edge != Edge::Any => {
            Some("its literal may end a word")
        }
        (Kind::Format, Lead::None) if b"-_".contains(&sign) && edge == Edge::Word => {
            Some("its literal is a word of names")
        }
        _ if sign == first => Some("goes on with itself"),
        _ => None,
    }
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|there| there.eq_ignore_ascii_case(prefix))
}

#[test]
fn a_secret_is_told_behind_any_sign() {
    let redactor = crate::Redactor::new();
    let mut wrong = Vec::new();
    for rule in formats().chain(named::rules()) {
        for example in rule.matches {
            let covered = |text: &str| -> usize { redactor.find(text).iter().map(|found| found.range.len()).sum() };
            let whole = covered(&format!("see it {example}\n"));
            assert!(whole > 0, "{example}");
            for sign in SIGNS.chars().chain(['x', '7']) {
                let is_excused = u8::try_from(sign).is_ok_and(|sign| excuse(rule, example, sign).is_some());
                let text = format!("see it{sign}{example}\n");
                if !is_excused && covered(&text) < whole {
                    wrong.push(format!("{} in {text}", rule.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
}

#[test]
fn a_made_up_prefix_needs_no_edge_and_a_word_of_names_does() {
    let redactor = crate::Redactor::new();
    let hidden = ["key-", "prefix_", "token", "7", "\\u003d", "\u{1b}[1;32m", "\\u001b[32m", "a/b+", "\\x3d"];
    for (before, token) in hidden.iter().flat_map(|before| {
        ["ghp_F4k3BIaiFCCzEyp7pbHL8eHL4F0zTK", "glpat-F4k37BsFsTdxkaOpho6A"].map(|token| (before, token))
    }) {
        let text = format!("{before}{token} ");
        let ranges: Vec<_> = redactor.find(&text).into_iter().map(|finding| finding.range).collect();
        assert_eq!(ranges, std::slice::from_ref(&(before.len()..text.len() - 1)), "{text}");
    }
    for name in [
        "my-api-fa15ee2b-3bb1-0aff-278c-fa15e85f39db",
        "cache-key-fa15e26a0fa038c0527e23188152d748",
        "created_at_1234567890_fa15e28e98ad28b7d873003eaff9e4cc035038f8",
        "myAKIAF4K3F4K3F4K3F4K3",
        "risk-F4k3wqHVVX363HcCF78Y97oUT3",
    ] {
        assert!(redactor.find(name).is_empty(), "{name}");
    }
}

#[test]
fn an_escape_is_no_part_of_a_word() {
    for (text, letters) in [
        (r"a\n", 1),
        ("a%3D", 2),
        (r"a\x3d", 3),
        (r"a\u003d", 5),
        ("\u{1b}[0m", 2),
        ("\u{1b}[1;32m", 3),
        ("\u{1b}[m", 1),
        (r"\u001b[38;5;208m", 4),
        ("an", 0),
        ("[32m", 0),
        ("u003d", 0),
        ("m", 0),
    ] {
        assert_eq!(escape(text.as_bytes(), text.len()), letters, "{text}");
    }
}

#[test]
fn each_literal_with_an_edge_of_its_own_is_one_of_a_rule() {
    let literals: BTreeSet<&str> = formats().flat_map(|rule| rule.literals).copied().collect();
    for list in [super::edge::WORDS, super::edge::MADE_UP] {
        assert!(list.is_sorted() && list.iter().all(|literal| literals.contains(literal)));
    }
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
const SUM: (&str, u64) = ("2026-11-21.3", 16_664_016_407_451_552_101);

#[test]
fn the_version_is_raised_when_the_rules_change() {
    let all = builtin().map(|rule| {
        let edges: Vec<Edge> = rule.literals.iter().map(|literal| Edge::of(literal)).collect();
        format!("{:?}", (rule.id, rule.literals, rule.pattern, rule.check, rule.lead, edges, rule.joins))
    });
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let sum = all.flat_map(String::into_bytes).fold(0xCBF2_9CE4_8422_2325, step);
    assert_eq!((VERSION, sum), SUM);
}
