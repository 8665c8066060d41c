use axum::http::HeaderValue;
use axum::http::header::{ACCEPT, LINK};

use super::users::{Ran, people};
use super::wire::{Media, media};
use super::*;

fn parts(uri: &str) -> Parts {
    Request::builder().uri(uri).body(axum::body::Body::empty()).expect("a request").into_parts().0
}

fn page(uri: &str, total: usize) -> Result<Response, Told> {
    let parts = parts(uri);
    let page = Page::of(&Asked::of(&parts.uri)?)?;
    page.answer(&parts, Some(total), Vec::new())
}

#[test]
fn a_page_says_how_many_there_are_and_where_the_others_are() {
    let answer = page("/api/x/?page=2&page_size=10&days=7", 35).expect("a page");
    assert_eq!(answer.headers()["x-total-count"], "35");
    let links = [
        "</api/x/?page_size=10&days=7&page=1>; rel=\"first\"",
        "</api/x/?page_size=10&days=7&page=1>; rel=\"prev\"",
        "</api/x/?page_size=10&days=7&page=3>; rel=\"next\"",
        "</api/x/?page_size=10&days=7&page=4>; rel=\"last\"",
    ];
    assert_eq!(answer.headers()[LINK], links.join(", "));
    let only = page("/api/x/", 3).expect("a page");
    assert_eq!(only.headers()[LINK], "");
}

#[test]
fn a_page_has_at_most_a_thousand_items_and_a_number_above_zero() {
    let of = |uri: &str| Asked::of(&parts(uri).uri).and_then(|asked| Page::of(&asked));
    let large = of("/api/x/?page=3&page_size=5000").expect("a page");
    assert_eq!((large.after(), large.through()), (2_000, 3_000));
    for wrong in ["page=0", "page=-1", "page=x", "page_size=0", "page_size=1.5"] {
        let told = of(&format!("/api/x/?{wrong}")).expect_err(wrong);
        assert_eq!(told.into_response().status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    let beyond = parts("/api/x/?page=9");
    let told = of("/api/x/?page=9").expect("a page").answer(&beyond, None, Vec::new()).expect_err("no such page");
    assert_eq!(told.into_response().status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_version_in_accept_is_one_of_the_route() {
    let asked = |accept: &'static str| {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        media(&headers, &["1.0"], &[Media::Json, Media::Csv]).map_err(|told| told.into_response().status())
    };
    for json in [
        "*/*",
        "application/json",
        "application/json; version=1.0",
        "application/vnd.pixiebrix.api+json;version=1.0",
        "text/html, application/json; version=1.0",
        "application/json; version=2.0, */*",
    ] {
        assert_eq!(asked(json), Ok(Media::Json), "{json}");
    }
    assert_eq!(asked("text/csv; version=1.0"), Ok(Media::Csv));
    for wrong in ["application/json; version=2.0", "text/csv; version=1.1", "text/html", "image/*"] {
        assert_eq!(asked(wrong), Err(StatusCode::NOT_ACCEPTABLE), "{wrong}");
    }
    assert_eq!(media(&HeaderMap::new(), &["1.0"], &[Media::Json]).expect("any"), Media::Json);
}

#[test]
fn recent_days_begin_at_midnight_and_count_today() {
    let now = Timestamp::parse("2026-11-21T10:00:00Z").expect("an instant");
    for (days, begin) in [(1, "2026-11-21T00:00:00.000000Z"), (30, "2026-10-23T00:00:00.000000Z")] {
        assert_eq!(since(now, days).to_rfc3339(), begin);
    }
    assert_eq!(since(now, u32::MAX).to_rfc3339(), "0001-01-01T00:00:00.000000Z");
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
