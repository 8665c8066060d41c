use super::*;

#[test]
fn agents_call_and_people_ask() {
    let is_called = |typed: &str| is_called(typed.split(' ').map(OsString::from));
    for typed in ["modlake hook", "modlake hook --agent codex", "modlake hook --nonsense", "/a/modlake hook x"] {
        assert!(is_called(typed), "{typed}");
    }
    for typed in
        ["modlake", "modlake sql hook", "modlake hook --help", "modlake hook -h", "modlake hook send", "modlake hooks"]
    {
        assert!(!is_called(typed), "{typed}");
    }
}

#[test]
fn agents_are_called_the_same_everywhere() {
    for agent in Agent::ALL {
        assert_eq!(Agent::parse(agent.as_str()), Some(agent));
        assert_eq!(clap::ValueEnum::from_str(agent.as_str(), false), Ok(agent));
    }
    assert_eq!(Agent::parse("gemini"), None);
}
