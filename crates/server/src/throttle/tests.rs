use governor::clock::FakeRelativeClock;
use record::caller::{Scopes, Tenant};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn caller(key: &str) -> Caller {
    Caller::new(Tenant::new("acme").expect("valid"), Scopes::ALL, key)
}

fn with(settings: config::Throttle) -> (Throttle<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (Throttle::with_clock(settings, clock.clone()), clock)
}

fn bound(requests_per_minute: u32, burst: u32) -> (Throttle<FakeRelativeClock>, FakeRelativeClock) {
    with(config::Throttle { requests_per_minute, burst, ..config::Throttle::default() })
}

fn own(kind: Kind, id: &str, per_minute: u32, burst: u32) -> catalog::Throttle {
    catalog::Throttle { kind, id: id.to_owned(), rate: Rate { per_minute, burst } }
}

#[test]
fn what_comes_at_once_is_taken_up_to_the_burst_and_then_evenly() {
    let (throttle, clock) = bound(60, 3);
    for remaining in [2, 1, 0] {
        let standing = throttle.key(&caller("k")).expect("taken").expect("bounded");
        assert_eq!((standing.limit, standing.remaining), (3, remaining));
        assert_eq!(standing.reset, SECOND * (3 - remaining));
    }
    let throttled = throttle.key(&caller("k")).expect_err("too soon");
    assert_eq!((throttled.after, throttled.standing.remaining), (1, 0));
    assert_eq!(throttled.to_string(), "Request was throttled. Expected available in 1 second.");
    assert!(throttle.key(&caller("other")).is_ok(), "each key has its own");
    clock.advance(SECOND);
    assert!(throttle.key(&caller("k")).is_ok());
    assert!(throttle.key(&caller("k")).is_err());
    clock.advance(60 * SECOND);
    assert_eq!((0..9).filter(|_| throttle.key(&caller("k")).is_ok()).count(), 3, "no more than the burst gathers");
}

#[test]
fn who_waits_as_told_is_taken() {
    for per_minute in [1, 7, 59, 60, 61, 1_000, 100_000] {
        for burst in [0, 1, 5] {
            let (throttle, clock) = bound(per_minute, burst);
            let (mut taken, mut refused) = (0, 0);
            while taken < 50 {
                match throttle.key(&caller("k")) {
                    Ok(_) => taken += 1,
                    Err(throttled) => {
                        refused += 1;
                        assert!(throttled.after >= 1);
                        clock.advance(Duration::from_secs(throttled.after));
                        assert!(throttle.key(&caller("k")).is_ok(), "{per_minute} {burst}: waited {}", throttled.after);
                        taken += 1;
                    }
                }
            }
            assert!(refused > 0 || per_minute > 50, "{per_minute} {burst}");
        }
    }
}

#[test]
fn nothing_is_bounded_but_by_a_word_of_settings_or_catalog() {
    let (throttle, _) = with(config::Throttle::default());
    assert_eq!(throttle.key(&caller("k")), Ok(None));
    assert_eq!(throttle.database("d", 1_000_000), Ok(None));
    throttle.heed(vec![own(Kind::Key, "k", 60, 2), own(Kind::Database, "d", 100, 0)]);
    assert_eq!(throttle.key(&caller("k")).expect("taken").expect("bounded").limit, 2);
    assert_eq!(throttle.database("d", 1).expect("taken").expect("bounded").limit, 100);
    assert_eq!(throttle.key(&caller("d")), Ok(None), "a key is no database");
    throttle.heed(Vec::new());
    assert_eq!(throttle.key(&caller("k")), Ok(None));
}

#[test]
fn a_key_that_whoever_sees_the_page_can_read_is_bound_by_itself() {
    let (throttle, _) = with(config::Throttle::default());
    let browser = Caller { origins: vec!["https://app.example.com".to_owned()].into(), ..caller("b") };
    let standing = throttle.key(&browser).expect("taken").expect("bounded");
    assert_eq!((standing.limit, standing.remaining), (1_000, 999));
    throttle.heed(vec![own(Kind::Key, "b", 0, 0)]);
    assert_eq!(throttle.key(&browser), Ok(None));
}

#[test]
fn a_rate_that_changes_is_heeded_at_once_and_one_that_stays_is_not_forgotten() {
    let (throttle, _) = bound(60, 2);
    assert!(throttle.key(&caller("k")).is_ok() && throttle.key(&caller("k")).is_ok());
    throttle.heed(Vec::new());
    assert!(throttle.key(&caller("k")).is_err(), "reading the same again fills no bucket");
    throttle.heed(vec![own(Kind::Key, "k", 60, 3)]);
    assert_eq!((0..9).filter(|_| throttle.key(&caller("k")).is_ok()).count(), 3);
    throttle.heed(vec![own(Kind::Key, "k", 0, 0)]);
    assert_eq!(throttle.key(&caller("k")), Ok(None), "0 is no bound, whatever the settings say");
}

#[test]
fn a_batch_larger_than_the_bucket_is_taken_by_a_full_one() {
    let (throttle, clock) = with(config::Throttle { database_records_per_minute: 60, ..config::Throttle::default() });
    assert!(throttle.database("d", 1).is_ok());
    let throttled = throttle.database("d", 1_000).expect_err("not full");
    assert_eq!((throttled.after, throttled.kind), (1, Kind::Database));
    clock.advance(SECOND);
    assert_eq!(throttle.database("d", 1_000).expect("taken").expect("bounded").remaining, 0);
    assert_eq!(throttle.database("d", 30).expect_err("empty").after, 30);
    assert_eq!(throttle.database("d", 0), Ok(None), "nothing is written");
}

#[test]
fn a_flood_is_told_once_a_minute() {
    let (throttle, clock) = bound(1, 1);
    assert!(throttle.key(&caller("k")).is_ok());
    let mut told = 0;
    for _ in 0..59 {
        clock.advance(SECOND / 2);
        told += usize::from(throttle.key(&caller("k")).expect_err("too soon").is_first);
    }
    assert_eq!(told, 1);
    clock.advance(Duration::from_millis(30_600));
    assert!(throttle.key(&caller("k")).is_ok());
    assert!(!throttle.key(&caller("k")).expect_err("too soon").is_first, "not a minute since");
    clock.advance(30 * SECOND);
    assert!(throttle.key(&caller("k")).expect_err("too soon").is_first);
}

#[test]
fn buckets_that_are_full_again_are_let_go() {
    let (throttle, clock) = bound(6_000, 10);
    let held = || throttle.state().buckets.len();
    for key in 0..FEW_BUCKETS {
        assert!(throttle.key(&caller(&format!("a{key}"))).is_ok());
    }
    assert_eq!(held(), FEW_BUCKETS);
    clock.advance(TOLD_EVERY);
    for round in 0..4 {
        for key in 0..FEW_BUCKETS {
            assert!(throttle.key(&caller(&format!("b{round}-{key}"))).is_ok());
        }
        clock.advance(TOLD_EVERY);
        assert!(held() <= 2 * FEW_BUCKETS, "{}", held());
    }
    assert_eq!(throttle.standing(&caller("a0")), None);
}

#[test]
fn an_answer_tells_how_the_bucket_stands() {
    let (throttle, _) = bound(120, 4);
    assert_eq!(throttle.standing(&caller("k")), None);
    throttle.key(&caller("k")).expect("taken");
    let mut headers = HeaderMap::new();
    throttle.standing(&caller("k")).expect("known").write(&mut headers);
    let told = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| headers[name].to_str().ok());
    assert_eq!(told, [Some("4"), Some("3"), Some("1")]);
}
