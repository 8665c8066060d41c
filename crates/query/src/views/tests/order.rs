//! Neither the order of arrival nor a repeated delivery changes what views say.

use super::*;

/// Something of everything.
fn mixture() -> Vec<Value> {
    let mut events = Vec::new();
    for (session, provider) in [("s1", "claude_code"), ("s2", "codex"), ("s3", "cursor"), ("s4", "other")] {
        for number in 0..4_i32 {
            let at = f64::from(number) * 10.0;
            let (turn, call) = (format!("p{}", number / 2), format!("t{number}"));
            let common = json!({"provider": provider, "session_id": session, "prompt_id": turn, "repo": format!("r{}", number % 2)});
            let with = |more: Value| {
                let mut all = common.clone();
                all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
                all
            };
            let has_ids = provider != "codex";
            events.push(fact(
                "logs",
                "turn",
                has_ids.then_some(turn.as_str()),
                at,
                with(json!({"prompt_length": number, "n": number})),
            ));
            events.push(fact("hooks", "turn", Some(&turn), at + 0.1, with(json!({"n": number}))));
            for signal in ["logs", "hooks", "traces", "history"] {
                events.push(fact(signal, "tool_call", Some(&call), at + 1.0, with(json!({
                    "tool_name": format!("{signal}-{}", number % 2), "success": number != 1, "duration_ms": 5 + number,
                }))));
                let id = (signal != "logs" || has_ids).then_some(call.as_str());
                events.push(fact(signal, "api_request", id, at + 2.0, with(json!({
                    "model": "listed", "input_tokens": 10 + number, "output_tokens": 3, "message_id": call, "n": signal,
                }))));
            }
            events.push(fact(
                "logs",
                "skill_use",
                None,
                at + 3.0,
                with(json!({"skill_name": "custom_skill", "n": number})),
            ));
            events.push(fact(
                "hooks",
                "tool_call",
                Some("skill"),
                at,
                with(json!({"tool_name": "Skill", "skill_name": "real"})),
            ));
        }
    }
    events
}

/// Fisher and Yates with a linear congruential generator.
fn shuffled(mut events: Vec<Value>, mut seed: u64) -> Vec<Value> {
    for last in (1..events.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(seed >> 33).expect("31 bits") % (last + 1);
        events.swap(last, place);
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn shuffling_and_doubling_change_nothing() {
    let expected = House::with(&mixture()).await.everything().await;
    let counts = House::with(&mixture()).await.ask("select count(*) as n, sum(turns) as turns, sum(tool_calls) as calls, sum(api_requests) as requests, sum(skill_uses) as skills from sessions").await;
    assert_eq!(counts, json!([{"n": 4, "turns": 10, "calls": 20, "requests": 16, "skills": 16}]));
    for seed in 1..=2 {
        let twice = [mixture(), mixture()].concat();
        let mut house = House::new().await;
        let twice = shuffled(twice, seed);
        let (early, late) = twice.split_at(100);
        house.send("acme", early);
        house.lake.flush().await.expect("commits");
        house.send("acme", late);
        for ((name, expected), (_, found)) in expected.iter().zip(house.everything().await) {
            assert_eq!(&found, expected, "{name}, seed {seed}");
        }
    }
}
