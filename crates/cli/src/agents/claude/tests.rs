use super::*;

#[test]
fn events_that_old_clients_do_not_know_need_a_client_that_does_not_mind() {
    let (known, tolerated) = events(Some(Version([2, 1, 101])));
    assert_eq!((known.len(), tolerated.len()), (EVENTS.len() + LATER_EVENTS.len(), 0));
    let (known, tolerated) = events(Some(Version([2, 1, 100])));
    assert_eq!((known.len(), tolerated.len()), (EVENTS.len(), 0));
    let (known, tolerated) = events(None);
    assert_eq!((known.len(), tolerated.len()), (EVENTS.len(), LATER_EVENTS.len()));
}

#[test]
fn events_that_cost_or_do_harm_are_left_out() {
    let (known, _) = events(Some(Version([9, 0, 0])));
    for name in ["MessageDisplay", "WorktreeCreate", "WorktreeRemove"] {
        assert!(!known.iter().any(|event| event.name == name), "{name}");
    }
}

#[test]
fn a_key_survives_the_list_of_headers() {
    for key in ["ml_abc123", "a,b;c%d\"e\\f=g", "%2C"] {
        let headers = format!("Authorization=Bearer {}", escaped(key));
        assert_eq!(headers.split(',').count(), 1);
        assert_eq!(key_of(&headers).as_deref(), Some(key));
    }
    assert_eq!(key_of("Authorization=Bearer 100%"), None);
    assert_eq!(key_of("x-team=a"), None);
}
