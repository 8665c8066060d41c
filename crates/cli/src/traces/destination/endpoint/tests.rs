use super::*;

fn setup(lines: &str) -> Setup {
    let mut setup = Setup::default();
    assert!(setup.variables.read(lines).is_empty());
    setup
}

fn proxy_of(url: &str, lines: &str) -> Option<String> {
    proxy(&Url::parse(url).unwrap(), &setup(lines)).unwrap().map(|proxy| proxy.reveal().to_owned())
}

#[test]
fn the_proxy_is_the_one_of_the_scheme_with_its_user() {
    let lines = "HTTP_PROXY=http://p:3128\nHTTPS_PROXY=s:3129\nNO_PROXY=.corp.example,direct";
    assert_eq!(proxy_of("http://bi.example/x", lines).as_deref(), Some("http://p:3128/"));
    assert_eq!(proxy_of("https://bi.example/x", lines).as_deref(), Some("http://s:3129/"));
    assert_eq!(proxy_of("https://bi.corp.example/x", lines), None);
    assert_eq!(proxy_of("https://direct/x", lines), None);
    let with_user = "https_proxy=http://p:1\nPROXY_USER='a b'\nPROXY_PASS='p@ss'";
    assert_eq!(proxy_of("https://bi.example/x", with_user).as_deref(), Some("http://a%20b:p%40ss@p:1/"));
}

#[test]
fn user_and_password_come_from_variables_or_the_url_and_are_never_shown() {
    let of = |url: &str, lines: &str| Endpoint::new(&Url::parse(url).unwrap(), &setup(lines)).unwrap();
    let endpoint = of("https://u:p%40s+s@bi.example/in?token=T0P", "");
    let expected = format!("Basic {}", BASE64_STANDARD.encode("u:p@s+s"));
    assert_eq!(endpoint.authorization.as_ref().unwrap().reveal(), expected);
    assert_eq!(endpoint.identity(), "https://bi.example/in");
    assert!(!format!("{endpoint:?}").contains("T0P"));
    let endpoint = of("https://u:p@bi.example/", "BI_AUTH_USER=me\nBI_AUTH_PASS=secret");
    let expected = format!("Basic {}", BASE64_STANDARD.encode("me:secret"));
    assert_eq!(endpoint.authorization.unwrap().reveal(), expected);
}
