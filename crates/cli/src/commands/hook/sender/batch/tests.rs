use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::error::CliError;
use crate::exit::Exit;
use crate::spool::Limits;

fn record(n: usize) -> Vec<u8> {
    format!(r#"{{"n":{n}}}"#).into_bytes()
}

fn records(numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    numbers.map(record).collect()
}

fn refused() -> Delivery {
    Delivery::Refused(CliError::new(Exit::Refused, "no"))
}

fn later() -> Delivery {
    Delivery::Later { error: CliError::new(Exit::Unreachable, "later"), after: None }
}

#[test]
fn bad_records_are_found_and_the_others_taken() {
    let all = records(0..100);
    let bad = [record(13), record(14), record(77)];
    let mut requests = 0;
    let sent = send(&all, |part| {
        requests += 1;
        if part.iter().any(|record| bad.contains(record)) { refused() } else { Delivery::Taken }
    });
    assert_eq!((sent.taken, sent.refused.as_slice(), sent.left.len()), (97, &bad[..], 0));
    assert!(sent.halt.is_none() && requests < 50, "{requests}");
}

#[test]
fn a_server_that_refuses_everything_gets_nothing_thrown_away() {
    for n in [1, 2, 500] {
        let all = records(0..n);
        let mut requests = 0;
        let sent = send(&all, |_| {
            requests += 1;
            refused()
        });
        assert_eq!((sent.taken, sent.refused.len(), sent.left.len()), (0, 0, n));
        assert!(matches!(sent.halt, Some(Delivery::Refused(_))) && requests < 40, "{requests}");
    }
}

#[test]
fn what_is_not_decided_is_left() {
    let all = records(0..8);
    let mut answers = vec![later(), Delivery::Taken, refused()];
    let sent = send(&all, |_| answers.pop().unwrap());
    assert_eq!((sent.taken, sent.left.as_slice()), (4, &all[4..]));
    assert!(matches!(sent.halt, Some(Delivery::Later { .. })));
}

#[test]
fn a_batch_is_of_one_agent_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::new(folder.path().to_path_buf(), Limits { segment_bytes: 300 << 10, ..Limits::default() });
    assert!(Batch::next(&spool, 0).unwrap().is_none());
    let large = format!(r#"{{"n":"{}"}}"#, "x".repeat(200 << 10)).into_bytes();
    for _ in 0..10 {
        spool.append(Agent::Codex, &large).unwrap();
        spool.append(Agent::Claude, &record(1)).unwrap();
    }
    spool.seal().unwrap();
    let mut requests = Vec::new();
    while let Some(batch) = Batch::next(&spool, 0).unwrap() {
        assert!(body(&batch.records).len() as u64 <= BYTES);
        requests.push((batch.agent, batch.records.len()));
        batch.settle(&[]).unwrap();
    }
    let codex: usize = requests.iter().filter(|(agent, _)| *agent == Agent::Codex).map(|(_, records)| records).sum();
    assert_eq!((codex, requests.len()), (10, 3), "{requests:?}");
}

#[test]
fn after_failures_the_next_agent_has_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::new(folder.path().to_path_buf(), Limits::default());
    for agent in [Agent::Codex, Agent::Claude] {
        spool.append(agent, &record(1)).unwrap();
        spool.seal().unwrap();
    }
    let turns: Vec<Agent> = (0..4).map(|turn| Batch::next(&spool, turn).unwrap().unwrap().agent).collect();
    assert_eq!(turns, [Agent::Codex, Agent::Claude, Agent::Codex, Agent::Codex]);
}

/// What happens to a spool.
#[derive(Clone, Debug)]
enum Step {
    Append(Agent),
    /// A hook dies while it writes.
    Tear(Agent, usize),
    Seal,
    /// The server takes the first few requests that it gets for a batch.
    Send {
        takes: usize,
        /// The sender dies before it settles.
        dies: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let agent = || prop::sample::select(Agent::ALL.to_vec());
    let step = prop_oneof![
        6 => agent().prop_map(Step::Append),
        1 => (agent(), 1..12_usize).prop_map(|(agent, bytes)| Step::Tear(agent, bytes)),
        2 => Just(Step::Seal),
        2 => (0..4_usize, prop::bool::weighted(0.2)).prop_map(|(takes, dies)| Step::Send { takes, dies }),
    ];
    prop::collection::vec(step, 0..60)
}

/// Sends one batch to a server that refuses records with a `bad` number and counts what it takes.
fn deliver(
    spool: &Spool,
    turn: u32,
    takes: usize,
    dies: bool,
    server: &mut HashMap<Vec<u8>, usize>,
    crashed: &mut HashSet<Vec<u8>>,
) {
    let Some(batch) = Batch::next(spool, turn).unwrap() else { return };
    let mut left = takes;
    let sent = send(&batch.records, |part| {
        if left == 0 {
            return later();
        }
        left -= 1;
        if part.iter().any(|record| is_bad(record)) {
            return refused();
        }
        for record in part {
            *server.entry(record.clone()).or_default() += 1;
        }
        Delivery::Taken
    });
    if dies {
        crashed.extend(batch.records.iter().cloned());
        return;
    }
    for record in &sent.refused {
        spool.set_aside(batch.agent, record).unwrap();
    }
    batch.settle(&sent.left).unwrap();
}

fn is_bad(record: &[u8]) -> bool {
    record.ends_with(b"7}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_crash_loses_a_record_or_sends_an_acknowledged_one_again(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { segment_bytes: 64, ..Limits::default() };
        let spool = Spool::new(folder.path().to_path_buf(), limits);
        let (mut appended, mut server, mut crashed) = (Vec::new(), HashMap::new(), HashSet::new());
        for step in steps {
            match step {
                Step::Append(agent) => {
                    let record = record(appended.len());
                    spool.append(agent, &record).unwrap();
                    appended.push(record);
                }
                Step::Tear(agent, bytes) => {
                    let path = folder.path().join(format!("open.{}", agent.as_str()));
                    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
                    file.write_all(&br#"{"torn":"secret"#[..bytes]).unwrap();
                }
                Step::Seal => spool.seal().unwrap(),
                Step::Send { takes, dies } => deliver(&spool, 0, takes, dies, &mut server, &mut crashed),
            }
        }
        // Good records, so that the server proves that it takes some of each batch.
        for agent in Agent::ALL {
            let record = record(appended.len() * 10);
            spool.append(agent, &record).unwrap();
        }
        spool.seal().unwrap();
        for turn in 0..100 {
            deliver(&spool, turn, usize::MAX, false, &mut server, &mut crashed);
        }
        prop_assert!(spool.sealed().unwrap().iter().all(|segment| segment.read().unwrap().whole.iter().all(|record| is_bad(record))));
        for record in appended.iter().filter(|record| !is_bad(record)) {
            let times = server.get(record).copied().unwrap_or(0);
            prop_assert!(times >= 1, "lost: {}", String::from_utf8_lossy(record));
            prop_assert!(times == 1 || crashed.contains(record), "{times} times: {}", String::from_utf8_lossy(record));
        }
        prop_assert!(server.keys().all(|record| !is_bad(record)));
        let is_whole = server.keys().all(|record| record.starts_with(br#"{"n":"#));
        prop_assert!(is_whole);
    }
}
