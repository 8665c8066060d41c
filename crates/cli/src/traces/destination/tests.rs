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
fn two_organizations_of_a_bucket_are_two_destinations() {
    let identity = |org: &str| target(&format!("BI_ENDPOINT=s3://b\nBI_ORG={org}")).unwrap().unwrap().identity();
    assert_ne!(identity("a"), identity("b"));
}
