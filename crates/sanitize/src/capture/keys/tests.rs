use std::collections::HashSet;

use super::tables::{ANYWHERE, HOOK, POINT};
use super::{Class, Keys, MEASURES, Place, is_key, is_measure};

#[test]
fn lists_are_sorted_and_no_key_stands_twice() {
    let mut seen = HashSet::new();
    for (keys, _) in ANYWHERE {
        assert!(keys.is_sorted(), "{keys:?}");
        for key in *keys {
            assert!(seen.insert(*key), "{key} has two classes");
        }
    }
    assert!(MEASURES.is_sorted());
    for table in [HOOK, POINT] {
        let keys: Vec<_> = table.iter().flat_map(|(keys, _)| *keys).collect();
        assert_eq!(keys.len(), keys.iter().collect::<HashSet<_>>().len());
    }
}

#[test]
fn places_and_namespaces_count() {
    let keys = Keys::new(&["my.note".to_owned(), "process.owner".to_owned()]);
    let cases = [
        (Place::Log, "tool", Some(Class::Prompt)),
        (Place::Point, "tool", Some(Class::Word)),
        (Place::Log, "error", Some(Class::Error)),
        (Place::Hook, "error", Some(Class::HookError)),
        (Place::Log, "gen_ai.prompt.0.content", Some(Class::Prompt)),
        (Place::Log, "gen_ai.prompt.name", Some(Class::Name)),
        (Place::Log, "gen_ai.input.messages", Some(Class::Mixed)),
        (Place::Log, "service.instance.id", Some(Class::Name)),
        (Place::Log, "process.command_line", Some(Class::Command)),
        (Place::Log, "my.note", Some(Class::Name)),
        (Place::Log, "process.owner", Some(Class::Name)),
        (Place::Log, "serviceable", None),
        (Place::Log, "gen_ai.other", None),
    ];
    for (place, key, expected) in cases {
        assert_eq!(keys.class(place, key), expected, "{place:?} {key}");
    }
}

#[test]
fn keys_look_like_keys() {
    assert!(is_key("a.b_c-D9") && !is_key("") && !is_key("a b") && !is_key(&"a".repeat(65)) && !is_key("ä"));
    assert!(
        is_measure("id")
            && is_measure("job_id")
            && is_measure("x.duration_ms")
            && is_measure("taskId")
            && is_measure("a-id")
    );
    assert!(!is_measure("paid") && !is_measure("note") && !is_measure("valid"));
}
