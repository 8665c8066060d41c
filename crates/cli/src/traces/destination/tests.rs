use super::*;

fn target(lines: &str) -> Result<Option<Target>, String> {
    let mut setup = Setup::default();
    assert!(setup.variables.read(lines).is_empty());
    let home = tempfile::tempdir().unwrap();
    let environment = Environment { home: Some(home.path().to_path_buf()), ..Environment::default() };
    Target::of(&setup, None, &environment)
}

#[test]
fn an_endpoint_is_what_its_scheme_says() {
    for (endpoint, place) in [
        ("s3://my-company-cli-telemetry/", "S3"),
        ("az://container/prefix", "Azure"),
        ("abfss://container@account.dfs.core.windows.net/p", "Azure"),
        ("gs://bucket", "Google Cloud Storage"),
        ("file:///srv/traces", "a folder"),
        ("/srv/traces", "a folder"),
        ("https://bi.example.com/in", "bi.example.com"),
    ] {
        let target = target(&format!("BI_ENDPOINT={endpoint}\nBI_ORG=acme")).unwrap().unwrap();
        assert_eq!(target.place(), place, "{endpoint}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_one_sentence() {
    assert!(target("").unwrap().is_none());
    assert_eq!(target("BI_ENDPOINT=s3://b").unwrap_err(), "BI_ORG is not set");
    for endpoint in ["traces", "ftp://x/y", "memory:///x", "s3:"] {
        let error = target(&format!("BI_ENDPOINT={endpoint}\nBI_ORG=a")).unwrap_err();
        assert!(error.starts_with("BI_ENDPOINT"), "{endpoint}: {error}");
    }
    assert!(target("BI_ENDPOINT=https://bi.example.com").unwrap().is_some(), "which needs no BI_ORG");
}

#[test]
fn credentials_in_the_url_of_a_bucket_are_not_told() {
    for endpoint in [
        "s3://AKIA:hidden@b/p",
        "s3://hidden@b",
        "az://c/p?sig=hidden",
        "gs://b#hidden",
        "abfss://c:hidden@a.dfs.core.windows.net/p",
    ] {
        let error = target(&format!("BI_ENDPOINT='{endpoint}'\nBI_ORG=a")).unwrap_err();
        assert!(error.starts_with("BI_ENDPOINT") && !error.contains("hidden"), "{error}");
    }
}

#[test]
fn two_organizations_of_a_bucket_are_two_destinations() {
    let identity = |org: &str| target(&format!("BI_ENDPOINT=s3://b\nBI_ORG={org}")).unwrap().unwrap().identity();
    assert_ne!(identity("a"), identity("b"));
}

#[test]
fn a_destination_that_never_answers_is_waited_for_no_longer_than_there_is_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.csv");
    std::fs::write(&path, "origin,path\ng,a\n").unwrap();
    let stamp = crate::traces::queue::Stamp::of(&std::fs::metadata(&path).unwrap());
    let file = crate::traces::queue::TraceFile { kind: "build".to_owned(), path, id: Some("1".to_owned()), stamp };
    let document = Document::read(&file, &crate::traces::document::sanitizer()).unwrap();
    let s3 = format!(
        "BI_ENDPOINT=s3://b\nBI_ORG=a\nAWS_ENDPOINT_URL={url}\nAWS_ACCESS_KEY_ID=x\nAWS_SECRET_ACCESS_KEY=y\nAWS_REGION=us-east-1"
    );
    let environment = Environment {
        modlake_api_key: Some(record::secret::Secret::new("k".to_owned())),
        home: Some(folder.path().to_path_buf()),
        ..Environment::default()
    };
    let modlaked = Target::of(&Setup::default(), Some(&url), &environment);
    for to in [target(&s3), target(&format!("BI_ENDPOINT={url}/in")), modlaked] {
        let to = to.unwrap().unwrap();
        let key = to.key("build", "1", &document);
        let patience = Duration::from_millis(300);
        let parcel =
            Parcel { kind: "build", sha256: &document.sha256, document: &document, key: &key, before: None, patience };
        let start = std::time::Instant::now();
        let delivery = to.connect().unwrap().send(&parcel);
        assert!(matches!(delivery, Delivery::Later(_)), "{}: {delivery:?}", to.place());
        assert!(start.elapsed() < Duration::from_secs(10), "{}: {:?}", to.place(), start.elapsed());
    }
}
