use super::*;

fn headers(accept: &str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, accept.parse().expect("a header"))])
}

const ALL: &[Form] = &[Form::Json, Form::Csv, Form::FlatJson];

#[test]
fn a_version_is_the_right_one_or_none() {
    for (accept, form) in [
        ("", Form::Json),
        ("*/*", Form::Json),
        ("application/json", Form::Json),
        ("application/json; version=2.0", Form::Json),
        ("application/json;version=2.0", Form::Json),
        ("application/vnd.pixiebrix.api+json; version=2.0", Form::Json),
        ("application/json, text/plain, */*", Form::Json),
        ("text/csv; version=2.0", Form::Csv),
        ("text/html, text/csv", Form::Csv),
        ("application/vnd.pixiebrix.api.flat+json; version=\"2.0\"", Form::FlatJson),
    ] {
        assert_eq!(accepted(&headers(accept), &["2.0"], ALL).ok(), Some(form), "{accept}");
    }
    for (accept, detail) in [
        ("application/json; version=1.0", "Invalid version in \"Accept\" header."),
        ("text/csv; version=", "Invalid version in \"Accept\" header."),
        ("text/html", "Could not satisfy the request Accept header."),
    ] {
        let problem = accepted(&headers(accept), &["2.0"], ALL).expect_err("refused");
        assert_eq!((problem.status, problem.body), (StatusCode::NOT_ACCEPTABLE, json!({"detail": detail})), "{accept}");
    }
    assert!(accepts_json(&headers("text/csv"), &["2.0"]).is_err());
}

#[test]
fn pages_link_to_each_other() {
    let uri: Uri = "/api/x/?page=3&page_size=10&a=b%20c".parse().expect("a URI");
    let page = Page::of(&uri).expect("a page");
    assert_eq!((page.number, page.size, page.offset(), page.last(41)), (3, 10, 20, 5));
    let links = page.links("http://h", &uri, true, Some(5));
    let expected = "<http://h/api/x/?page_size=10&a=b%20c>; rel=\"first\", \
                    <http://h/api/x/?page_size=10&a=b%20c&page=2>; rel=\"prev\", \
                    <http://h/api/x/?page_size=10&a=b%20c&page=4>; rel=\"next\", \
                    <http://h/api/x/?page_size=10&a=b%20c&page=5>; rel=\"last\"";
    assert_eq!(links, expected);
    let first: Uri = "/api/x/".parse().expect("a URI");
    let page = Page::of(&first).expect("a page");
    assert_eq!(page.links("http://h", &first, false, None), "<http://h/api/x/>; rel=\"first\"");
    assert_eq!((page.size, page.last(0)), (100, 1));
}

#[test]
fn sizes_of_pages_have_a_bound() {
    let of = |query: &str| Page::of(&format!("/?{query}").parse().expect("a URI"));
    assert_eq!(of("page_size=100000").map(|page| page.size).ok(), Some(1_000));
    for wrong in ["page=0", "page=x", "page=-1"] {
        assert_eq!(of(wrong).expect_err("refused").status, StatusCode::NOT_FOUND, "{wrong}");
    }
    for wrong in ["page_size=0", "page_size=x"] {
        assert_eq!(of(wrong).expect_err("refused").status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[test]
fn names_and_values_are_decoded() {
    let uri: Uri = "/?data__a%20b=x%26y&e=%C3%A4+o&broken=%4&plain".parse().expect("a URI");
    let expected = [("data__a b", "x&y"), ("e", "ä o"), ("broken", "%4"), ("plain", "")];
    assert_eq!(pairs(&uri), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn hosts_are_plain_or_not_taken() {
    let of = |host: &str, scheme: &str| {
        let mut headers = HeaderMap::from_iter([(HOST, host.parse().expect("a header"))]);
        headers.insert("x-forwarded-proto", scheme.parse().expect("a header"));
        base(&headers)
    };
    assert_eq!(of("lake.example.com:8080", "http"), "http://lake.example.com:8080");
    assert_eq!(of("lake.example.com", "https"), "https://lake.example.com");
    assert_eq!(of("a>; rel=\"next\"", "x"), "http://localhost");
}

#[test]
fn faults_are_keyed_by_field() {
    let faults = || vec![("a".to_owned(), "x".to_owned()), ("a".to_owned(), "y".to_owned())];
    assert_eq!(Problem::fields(faults()).body, json!({"a": ["x", "y"]}));
    assert_eq!(Problem::each([Vec::new(), faults()]).body, json!([{}, {"a": ["x", "y"]}]));
}
