use super::*;

const SECOND: i64 = 1_000_000;

fn hash(n: usize) -> KeyHash {
    KeyHash::of(&n.to_string())
}

#[test]
fn a_stranger_is_asked_for_once() {
    let mut strangers = Strangers::default();
    assert!(strangers.may_ask(&hash(1), Timestamp(0)));
    strangers.remember(hash(1));
    assert!(!strangers.may_ask(&hash(1), Timestamp(0)));
    assert!(!strangers.may_ask(&hash(1), Timestamp(100 * SECOND)));
    strangers.forget();
    assert!(strangers.may_ask(&hash(1), Timestamp(100 * SECOND)));
}

#[test]
fn many_strangers_get_a_bounded_number_of_questions_each_second() {
    let mut strangers = Strangers::default();
    for second in [0, 1, -5] {
        let now = Timestamp(second * SECOND + 7);
        let asked = (0..10_000).filter(|&n| strangers.may_ask(&hash(n), now)).count();
        assert_eq!(asked, usize::try_from(Strangers::QUESTIONS_PER_SECOND).unwrap());
    }
}

#[test]
fn memory_of_strangers_is_bounded() {
    let mut strangers = Strangers::default();
    for n in 0..3 * Strangers::MAX_SEEN {
        strangers.remember(hash(n));
        assert!(strangers.seen.len() <= Strangers::MAX_SEEN);
        assert!(strangers.seen.contains(&hash(n)));
    }
}
