//! What goes into one request, and finding the records that the server refuses.

use std::io;

use crate::agents::Agent;
use crate::client::Delivery;
use crate::spool::{Segment, Spool};

/// Bytes of one request.
const BYTES: u64 = 1 << 20;
/// So many refusals of single records, and not one taken: it is not the records.
const SUSPICIOUS: usize = 8;

/// Segments of one agent, oldest first, and their records.
pub(super) struct Batch {
    pub(super) agent: Agent,
    segments: Vec<Segment>,
    pub(super) records: Vec<Vec<u8>>,
    /// Lines that were no event.
    pub(super) torn: u64,
}

impl Batch {
    /// The oldest segment, and as many of the same agent as fit into one request; `None` when nothing waits. After failures it
    /// is another agent's `turn`, so that a record that the server refuses stops nobody else.
    pub(super) fn next(spool: &Spool, turn: u32) -> io::Result<Option<Self>> {
        let sealed = spool.sealed()?;
        let mut agents: Vec<Agent> = Vec::new();
        for segment in &sealed {
            if !agents.contains(&segment.agent) {
                agents.push(segment.agent);
            }
        }
        let Some(agent) = agents.into_iter().cycle().nth(turn as usize % Agent::ALL.len()) else { return Ok(None) };
        let mut batch = Self { agent, segments: Vec::new(), records: Vec::new(), torn: 0 };
        let mut bytes = 0;
        for segment in sealed.into_iter().filter(|segment| segment.agent == agent) {
            bytes += segment.bytes;
            if !batch.segments.is_empty() && bytes > BYTES {
                break;
            }
            let lines = segment.read()?;
            batch.records.extend(lines.whole);
            batch.torn += lines.torn;
            batch.segments.push(segment);
        }
        Ok(Some(batch))
    }

    /// Takes the segments out of the spool; what is `left` stays, in the first of them.
    pub(super) fn settle(&self, left: &[Vec<u8>]) -> io::Result<()> {
        if left.len() == self.records.len() && self.torn == 0 {
            return Ok(());
        }
        let mut done = self.segments.as_slice();
        if let Some((first, rest)) = done.split_first().filter(|_| !left.is_empty()) {
            first.keep(left)?;
            done = rest;
        }
        done.iter().try_for_each(Segment::remove)
    }
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) taken: u64,
    /// The records that the server does not want.
    pub(super) refused: Vec<Vec<u8>>,
    /// Not decided: for the next time.
    pub(super) left: Vec<Vec<u8>>,
    /// Why there is something left.
    pub(super) halt: Option<Delivery>,
}

/// Delivers the records; of what is refused, each half again. A record counts as refused when the server took another one of
/// the batch; else all are left, and the halt is the refusal.
pub(super) fn send(records: &[Vec<u8>], mut deliver: impl FnMut(&[Vec<u8>]) -> Delivery) -> Sent {
    let mut sent = Sent::default();
    let mut last_refusal = None;
    let mut parts = vec![records];
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        match deliver(part) {
            Delivery::Taken => sent.taken += part.len() as u64,
            Delivery::Refused(error) => {
                if let [record] = part {
                    sent.refused.push(record.clone());
                } else {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                last_refusal = Some(error);
                if sent.taken == 0 && sent.refused.len() >= SUSPICIOUS {
                    break;
                }
            }
            halt => {
                sent.left.extend_from_slice(part);
                sent.halt = Some(halt);
                break;
            }
        }
    }
    sent.left.extend(parts.into_iter().rev().flatten().cloned());
    let is_server = sent.taken == 0 && !sent.refused.is_empty();
    if let Some(error) = last_refusal.filter(|_| is_server) {
        sent.refused.append(&mut sent.left);
        sent.left = std::mem::take(&mut sent.refused);
        sent.halt.get_or_insert(Delivery::Refused(error));
    }
    sent
}

/// NDJSON.
pub(super) fn body(records: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::with_capacity(records.iter().map(|record| record.len() + 1).sum());
    for record in records {
        body.extend_from_slice(record);
        body.push(b'\n');
    }
    body
}

#[cfg(test)]
mod tests;
