use super::*;

#[test]
fn a_server_is_named_without_user_password_and_parameters() {
    for (text, name) in [
        ("postgres://ada:s3cret%2Fword@db.example.com/lake", "postgres://db.example.com:5432/lake"),
        (
            "postgresql://ada@db.example.com:6432/lake?password=s3cret&sslmode=require",
            "postgres://db.example.com:6432/lake",
        ),
        ("postgres:///lake?host=/run/postgresql&user=ada&password=s3cret", "postgres:///run/postgresql:5432/lake"),
    ] {
        let location = Location::Server(ServerUrl::parse(text).expect("a URL"));
        assert_eq!(location.to_string(), name);
        let shown = format!("{location:?} {:?}", Options::new(location.clone()));
        assert!(!shown.contains("s3cret") && !shown.contains("ada"), "{shown}");
    }
}

#[test]
fn what_is_no_url_of_a_server_is_refused_without_showing_it() {
    for (text, wanted) in [
        ("s3cret", "postgres://user:password@host"),
        ("mysql://ada:s3cret@db/lake", "postgres://user:password@host"),
        ("postgres:s3cret", "postgres://user:password@host"),
        ("postgres://ada:s3cret@db:port/lake", "postgres://user:password@host"),
        ("postgres://ada@db/lake?passwd=s3cret", "known: sslmode"),
        ("postgres://ada@db/lake?sslmode=s3cret", "verify-full"),
        ("postgres://ada@db/lake?port=s3cret", "port is a number"),
    ] {
        let error = ServerUrl::parse(text).expect_err(text);
        assert!(error.contains(wanted) && !error.contains("s3cret"), "{text}: {error}");
    }
}

#[test]
fn connections_tell_who_they_are_unless_the_url_does() {
    let revealed = |text: &str| ServerUrl::parse(text).expect("a URL").reveal().to_owned();
    assert!(revealed("postgres://db/lake").ends_with("?application_name=modlaked"));
    assert_eq!(revealed("postgres://db/lake?application_name=x"), "postgres://db/lake?application_name=x");
}
