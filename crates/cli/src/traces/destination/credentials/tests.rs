use super::*;

const CREDENTIALS: &str = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key=s1\n\n[work]\n# a comment\naws_access_key_id=AKIAWORK\naws_secret_access_key = s/2=\naws_session_token=t\n";
const CONFIG: &str = "[default]\nregion = eu-central-1\ns3 =\n  region = wrong\n[profile work]\nregion=eu-west-1\nendpoint_url = http://127.0.0.1:9\n[profile sso]\nsso_session = corp\n[profile printed]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"AKIAPRINTED\",\"SecretAccessKey\":\"s3\"}'\n[profile broken]\ncredential_process = false\n";

fn options(variables: &[(&str, &str)]) -> Result<Options, CliError> {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    fs::write(home.path().join(".aws/credentials"), CREDENTIALS).unwrap();
    fs::write(home.path().join(".aws/config"), CONFIG).unwrap();
    let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    aws(&variables, Some(home.path()))
}

fn get(variables: &[(&str, &str)], names: [&str; 3]) -> [Option<String>; 3] {
    let options = options(variables).unwrap();
    names.map(|name| options.get(name).cloned())
}

const NAMES: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_region"];

#[test]
fn the_default_profile_and_a_named_one() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(get(&[], NAMES), [some("AKIADEFAULT"), some("s1"), some("eu-central-1")]);
    assert_eq!(get(&[("AWS_PROFILE", "work")], NAMES), [some("AKIAWORK"), some("s/2="), some("eu-west-1")]);
    let more = get(&[("AWS_PROFILE", "work")], ["aws_session_token", "aws_endpoint_url", "aws_profile"]);
    assert_eq!(more, [some("t"), some("http://127.0.0.1:9"), some("work")]);
}

#[test]
fn variables_go_before_the_profile() {
    let given = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "e"), ("AWS_REGION", "us-west-2")];
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(get(&given, NAMES), [some("AKIAENV"), some("e"), some("us-west-2")]);
}

#[test]
fn a_process_may_print_the_key() {
    let printed = get(&[("AWS_PROFILE", "printed")], NAMES);
    assert_eq!(printed[0].as_deref(), Some("AKIAPRINTED"));
    let error = options(&[("AWS_PROFILE", "broken")]).unwrap_err();
    assert!(error.message.contains("credential_process"), "{error:?}");
}

#[test]
fn what_only_the_aws_program_can_do_names_the_way_there() {
    let error = options(&[("AWS_PROFILE", "sso")]).unwrap_err();
    assert!(error.hint.unwrap().contains("export-credentials --profile sso"));
    let error = options(&[("AWS_PROFILE", "nobody")]).unwrap_err();
    assert!(error.message.contains("`nobody`"));
}
