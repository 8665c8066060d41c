use proptest::prelude::*;

use super::*;

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).expect("valid")
}

fn plan_of(days: u32, of: &[(&'static str, u32)], own: &[(&str, &str, u32)]) -> Plan {
    let settings = config::Retention { days, of: of.iter().copied().collect(), ..config::Retention::default() };
    let own = own.iter().map(|(name, what, days)| catalog::Retention {
        tenant: tenant(name),
        what: (*what).to_owned(),
        days: *days,
    });
    Plan::new(&settings, own.collect())
}

#[test]
fn the_nearest_word_counts() {
    let database = of_database("d1");
    let plan = plan_of(
        100,
        &[("events_raw", 10), (RECORDS, 20)],
        &[
            ("acme", ALL, 50),
            ("acme", "traces", 0),
            ("acme", &database, 3),
            ("calm", "events_raw", 7),
            ("calm", RECORDS, 9),
            ("wide", &database, 1),
        ],
    );
    for (name, what, days) in [
        ("nobody", "traces", 100),
        ("nobody", "events_raw", 10),
        ("nobody", RECORDS, 20),
        ("nobody", database.as_str(), 20),
        ("acme", "events_raw", 50),
        ("acme", "traces", 0),
        ("acme", RECORDS, 50),
        ("acme", database.as_str(), 3),
        ("calm", "events_raw", 7),
        ("calm", "traces", 100),
        ("calm", database.as_str(), 9),
        ("wide", database.as_str(), 1),
        ("wide", "database:d2", 20),
    ] {
        assert_eq!(plan.days(&tenant(name), what), days, "{name} {what}");
    }
}

#[test]
fn a_day_is_kept_until_it_lies_more_than_so_many_days_back() {
    let plan = plan_of(30, &[], &[]);
    let first = |now: &str| plan.first_day(&tenant("acme"), "traces", Timestamp::parse(now).expect("an instant"));
    let day = |text: &str| Some(text.parse::<Day>().expect("a day"));
    assert_eq!(first("2026-05-31T23:59:59Z"), day("2026-05-01"));
    assert_eq!(first("2026-06-01T00:00:00Z"), day("2026-05-02"));
    assert_eq!(first("2026-01-15T12:00:00+14:00"), day("2025-12-15"), "days are those of UTC");
    assert_eq!(plan_of(0, &[], &[]).first_day(&tenant("acme"), "traces", Timestamp::default()), None);
}

#[test]
fn one_tenant_may_be_meant_alone() {
    let plan = Arc::new(plan_of(1, &[], &[]));
    let now = Timestamp::parse("2026-05-02T00:00:00Z").expect("an instant");
    let first = plan.first_kept(now, Some(tenant("acme")));
    assert!(first(&tenant("acme"), "traces").is_some() && first(&tenant("other"), "traces").is_none());
}

#[test]
fn every_subject_has_a_setting() {
    let has = |key: &str| config::SETTINGS.iter().any(|setting| setting.key == key);
    let missing: Vec<&str> = subjects().filter(|what| !has(&format!("retention.{what}_days"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let settings =
        config::SETTINGS.iter().filter_map(|setting| setting.key.strip_prefix("retention.")?.strip_suffix("_days"));
    let unknown: Vec<&str> = settings.filter(|what| subjects().all(|known| known != *what)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

proptest! {
    #[test]
    fn a_row_is_there_for_all_its_days_and_gone_a_day_later(
        days in 1_u32..=config::limits::MOST_DAYS,
        row in -60_000_000_000_000_000_i64..60_000_000_000_000_000,
        age in 0_i64..80_000,
        within in 0..DAY_MICROS,
    ) {
        let now = Timestamp(row).plus_micros(age * DAY_MICROS + within);
        let first = plan_of(days, &[], &[]).first_day(&tenant("acme"), "traces", now);
        let is_kept = Timestamp(row).day() >= first;
        let kept_for = i64::from(days);
        if age < kept_for {
            prop_assert!(is_kept, "after {age} days and {within} µs");
        }
        if age > kept_for {
            prop_assert!(!is_kept, "after {age} days and {within} µs");
        }
    }
}
