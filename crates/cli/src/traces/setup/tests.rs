use super::*;

/// The variables of this process are not the test's: those of the files are set anew in each.
fn load(folder: &Path, modsh: &str, telemetry: &str) -> Setup {
    let home = folder.join("home");
    fs::create_dir_all(home.join(".moderne/cli")).unwrap();
    fs::write(folder.join("modsh.env"), modsh).unwrap();
    fs::write(home.join(".moderne/cli/telemetry.env"), telemetry).unwrap();
    let environment = Environment { home: Some(home), ..Environment::default() };
    Setup::load(&environment, &[PathBuf::from("/not/there"), folder.to_path_buf()], None)
}

#[test]
fn modsh_env_goes_before_telemetry_env_and_both_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let setup = load(folder.path(), "BI_ORG=first\nexport SHARED=1\n", "BI_ORG=second\nBI_ENDPOINT=s3://b\n");
    assert_eq!((setup.get("BI_ORG"), setup.get("BI_ENDPOINT")), (Some("first"), Some("s3://b")));
    assert_eq!(setup.files.len(), 2);
    assert_eq!(setup.exported().collect::<Vec<_>>(), [("SHARED", "1")]);
    assert!(setup.queue.ends_with(".moderne/cli/trace"));
}

#[test]
fn the_first_file_may_say_where_the_second_is_and_what_is_wrong_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("telemetry.env"), "MODERNE_CLI_TELEMETRY_DIR=${MODERNE_CLI_HOME}/q\n").unwrap();
    let setup = load(folder.path(), &format!("MODERNE_CLI_HOME='{}'\n\nsource x\n", other.display()), "BI_ORG=no\n");
    assert_eq!(setup.queue, other.join("q"));
    assert_eq!(setup.get("BI_ORG"), None);
    assert_eq!(setup.warnings.len(), 1);
    assert!(setup.warnings[0].contains("modsh.env:3: "), "{:?}", setup.warnings);
}

#[test]
fn the_jar_beside_the_program_counts_when_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(load(folder.path(), "", "").mod_jar, None);
    fs::write(folder.path().join("mod.jar"), "").unwrap();
    assert_eq!(load(folder.path(), "MOD_JAR=/not/there", "").mod_jar, Some(folder.path().join("mod.jar")));
}

#[test]
fn a_ci_job_waits_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let upload = |modsh: &str| load(folder.path(), modsh, "").upload();
    assert_eq!(upload("CI=false"), Upload::Background);
    assert_eq!(upload("CI=true"), Upload::Wait);
    assert_eq!(upload("CI=true\nMODLAKE_UPLOAD=background"), Upload::Background);
    assert_eq!(upload("MODLAKE_UPLOAD=off"), Upload::Off);
}
