use super::{Policy, VARIABLES};

#[test]
fn only_true_and_1_are_true() {
    for (text, expected) in
        [("true", true), ("1", true), ("", false), ("yes", false), ("on", false), ("TRUE", false), (" true", false)]
    {
        let policy = Policy::default().with_environment(|_| Some(text.to_owned()));
        let fields = [
            policy.capture_prompts,
            policy.capture_output_snippets,
            policy.allow_event_level_opt_in,
            policy.honor_emitter_prompts,
            policy.capture_commands,
        ];
        assert_eq!(fields, [expected; VARIABLES.len()], "{text:?}");
    }
}

#[test]
fn what_is_not_set_stays() {
    assert_eq!(Policy::default().with_environment(|_| None), Policy::default());
    let policy =
        Policy::default().with_environment(|name| (name == "CODING_AGENT_CAPTURE_PROMPTS").then(|| "1".to_owned()));
    assert_eq!(policy, Policy { capture_prompts: true, ..Policy::default() });
    assert!(!Policy::default().set_variable("CODING_AGENT_OTHER", "true"));
}
