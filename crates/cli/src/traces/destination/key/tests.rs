use super::*;
use crate::traces::setup::Setup;

fn layout(lines: &str) -> Result<Layout, String> {
    let mut setup = Setup::default();
    assert!(setup.variables.read(lines).is_empty());
    Layout::new("my-company", &setup)
}

const AT: Timestamp = Timestamp(1_771_892_142_000_000);

#[test]
fn keys_are_those_of_the_script_and_of_the_platform() {
    assert_eq!(
        layout("").unwrap().key("build", "20260224001542-cYGAL", AT),
        "org=my-company/type=build/year=2026/month=02/day=24/20260224001542-cYGAL.csv"
    );
    assert_eq!(
        layout("MODLAKE_KEY_LAYOUT=tenant\nMODLAKE_KEY_HOUR=true").unwrap().key("run", "1", AT),
        "tenant=my-company/source=cli/type=run/year=2026/month=02/day=24/hour=00/1.csv"
    );
    let today = layout("MODLAKE_KEY_DATE=upload").unwrap();
    let now = local(Clock::System.now()).unwrap();
    assert!(today.key("run", "1", AT).contains(&format!("year={}", now.year())));
}

#[test]
fn a_wrong_setting_is_told() {
    for (lines, word) in [
        ("MODLAKE_KEY_LAYOUT=hive", "MODLAKE_KEY_LAYOUT"),
        ("MODLAKE_KEY_DATE=never", "MODLAKE_KEY_DATE"),
        ("MODLAKE_KEY_HOUR=maybe", "MODLAKE_KEY_HOUR"),
    ] {
        assert!(layout(lines).unwrap_err().contains(word));
    }
    for org in ["a/b", "..", "a\nb", "a=b"] {
        assert!(Layout::new(org, &Setup::default()).unwrap_err().contains("BI_ORG"), "{org}");
    }
}
