use super::users::{Ran, people};
use super::*;

#[test]
fn recent_days_begin_at_midnight_and_count_today() {
    let now = Timestamp::parse("2026-11-21T10:00:00Z").expect("an instant");
    for (days, begin) in [(1, "2026-11-21T00:00:00.000000Z"), (30, "2026-10-23T00:00:00.000000Z")] {
        assert_eq!(since(now, days).to_rfc3339(), begin);
    }
    assert_eq!(since(now, u32::MAX).to_rfc3339(), "1970-01-01T00:00:00.000000Z");
}

#[test]
fn a_person_has_the_versions_seen_last_and_all_that_are_known() {
    let ran = |place, email: Option<&str>, version: Option<&str>, client: Option<&str>, first: &str| Ran {
        place,
        total: 2,
        email: email.map(str::to_owned),
        mod_version: version.map(str::to_owned),
        client_version: client.map(str::to_owned),
        first_seen_at: first.to_owned(),
    };
    let rows = [
        ran(1, Some("ada@example.com"), Some("1.0.0"), Some("3.2.10"), "t1"),
        ran(1, Some("ada@example.com"), Some("1.1.0"), None, "t2"),
        ran(2, None, None, Some("3.3.0"), "t3"),
    ];
    let expected = [
        json!({
            "email": "ada@example.com", "version": "1.1.0", "client_version": "3.2.10",
            "known_versions": [{"version": "1.0.0", "timestamp": "t1"}, {"version": "1.1.0", "timestamp": "t2"}],
        }),
        json!({"email": null, "version": null, "client_version": "3.3.0", "known_versions": []}),
    ];
    assert_eq!(people(&rows), expected);
}
