use super::*;

#[test]
fn only_what_browsers_never_run_keeps_its_type() {
    for (said, told) in [
        ("image/png", "image/png"),
        ("Text/CSV; charset=utf-8", "text/csv"),
        ("text/html", BYTES),
        ("image/svg+xml", BYTES),
        ("text/javascript", BYTES),
        ("application/xhtml+xml", BYTES),
        ("", BYTES),
        ("image/png\r\nX: y", BYTES),
    ] {
        assert_eq!(plain_type(said), told, "{said}");
    }
}

#[test]
fn a_filename_cannot_leave_its_header() {
    let header = attachment("a\"; x=../é\\\u{1f40d}.html");
    assert_eq!(
        header,
        "attachment; filename=\"a__ x_..____.html\"; filename*=UTF-8''a%22%3B%20x%3D..%2F%C3%A9%5C%F0%9F%90%8D.html"
    );
    assert!(HeaderValue::from_str(&header).is_ok());
}

#[test]
fn json_must_be_named() {
    for (accept, expected) in [
        ("", false),
        ("*/*", false),
        ("image/avif,image/webp,*/*;q=0.8", false),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
        ("application/json", true),
        ("application/json, text/plain, */*", true),
        ("application/vnd.pixiebrix.api+json; version=2.0", true),
    ] {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        assert_eq!(names_json(&headers), expected, "{accept}");
    }
}
