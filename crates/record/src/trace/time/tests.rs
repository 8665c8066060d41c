use super::*;

fn utc(text: &str) -> Option<String> {
    instant(text).map(Timestamp::to_rfc3339)
}

#[test]
fn every_form_the_cli_writes_is_the_same_instant() {
    let instant = Some("2026-06-10T21:50:25.000000Z".to_owned());
    for text in [
        "2026-06-10T21:50:25Z",
        "2026-06-10T21:50:25Z[Etc/UTC]",
        "2026-06-10T16:50:25-05:00[America/Chicago]",
        "2026-06-10T16:50:25-0500",
        "2026-06-10T16:50:25-05",
        "2026-06-11T03:20:25.000+05:30",
        "2026-06-10T21:50:25.000000000+00:00",
        "2026-06-10 21:50:25z",
        " 2026-06-10T21:50:25Z\t",
        "2026-06-10T21:51:40+00:01:15",
    ] {
        assert_eq!(utc(text), instant, "{text}");
    }
}

#[test]
fn a_fraction_has_up_to_nine_digits_and_seconds_may_be_left_out() {
    for (text, instant) in [
        ("2026-02-19T00:07:11.946Z", "2026-02-19T00:07:11.946000Z"),
        ("2025-09-29T14:17:31.477727-04:00", "2025-09-29T18:17:31.477727Z"),
        ("2025-09-29T14:17:31.123456789Z", "2025-09-29T14:17:31.123456Z"),
        ("2025-09-29T14:17:31.5Z", "2025-09-29T14:17:31.500000Z"),
        ("2026-06-10T21:50Z[Etc/UTC]", "2026-06-10T21:50:00.000000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
    ] {
        assert_eq!(utc(text).as_deref(), Some(instant), "{text}");
    }
}

#[test]
fn what_is_no_instant_is_none() {
    for text in [
        "",
        "yesterday",
        "2026-06-10",
        "2026-06-10T21:50:25",
        "2026-06-10T21:50:25[America/Chicago]",
        "2026-13-10T21:50:25Z",
        "2026-02-30T21:50:25Z",
        "2026-06-10T24:50:25Z",
        "2026-06-10T21:50:25.Z",
        "2026-06-10T21:50:25.1234567890Z",
        "2026-06-10T21:50:25Zulu",
        "2026-06-10T21:50:25+19:00",
        "2026-06-10T21:50:25+1",
        "0000-06-10T21:50:25Z",
        "20260619145356-EWS22",
        "２０２６-06-10T21:50:25Z",
    ] {
        assert_eq!(utc(text), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn what_chrono_writes_is_read(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
        let text = Timestamp(micros).to_rfc3339();
        proptest::prop_assert_eq!(instant(&text), Some(Timestamp(micros)));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9TtZz:.,+\\[\\] -]{0,40}") {
        let _ = instant(&text);
    }
}
