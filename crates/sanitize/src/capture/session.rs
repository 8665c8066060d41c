//! Whose record is cleaned: what its session is known to hold, and what is learned about it.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use record::value::{Attribute, Value};
use redact::Known;

use crate::Owner;

/// Attributes and top-level keys that name a session.
const KEYS: [&str; 8] = [
    "session.id",
    "session_id",
    "conversation.id",
    "conversation_id",
    "gen_ai.conversation.id",
    "thread.id",
    "thread-id",
    "thread_id",
];

static NOTHING: LazyLock<Arc<Known>> = LazyLock::new(Arc::default);

/// The session of the record at hand.
pub(super) struct Session<'s> {
    owner: &'s Owner<'s>,
    name: Box<str>,
    known: Arc<Known>,
    /// Of this session, by the redactor.
    learned: &'s RefCell<Known>,
    /// Of those before.
    left: Vec<(Box<str>, Known)>,
}

impl<'s> Session<'s> {
    pub(super) fn new(owner: &'s Owner<'s>, learned: &'s RefCell<Known>) -> Self {
        Self { owner, name: Box::default(), known: Arc::clone(&NOTHING), learned, left: Vec::new() }
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The next record; the first of these attributes that names a session counts, the record's own before those around it.
    pub(super) fn enter(&mut self, around: &[&[Attribute<'_>]]) {
        if self.owner.sessions.is_none() {
            return;
        }
        let named = around.iter().rev().find_map(|attributes| {
            attributes.iter().find(|(key, _)| KEYS.contains(&key.as_ref())).and_then(|(_, value)| match value {
                Value::Text(text) if !text.is_empty() => Some(text.as_ref()),
                _ => None,
            })
        });
        let name = named.unwrap_or_default();
        if *name != *self.name {
            self.put_away();
            self.name = name.into();
            self.known = self.owner.known(name).unwrap_or_else(|| Arc::clone(&NOTHING));
        }
    }

    fn put_away(&mut self) {
        let mut learned = self.learned.take();
        learned.remove_all(&self.known);
        if !learned.is_empty() {
            self.left.push((self.name.clone(), learned));
        }
    }

    /// What was learned, by session.
    pub(super) fn leave(mut self) -> Vec<(Box<str>, Known)> {
        self.put_away();
        self.left
    }
}
