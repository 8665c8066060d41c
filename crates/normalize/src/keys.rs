//! From an attribute's key to the column it fills, by one hash and one comparison.

use record::dictionary::{Column, Kind, coding_agent_events, coding_agent_metrics, product_errors, product_events};
use record::value::Value;

/// What a key means to a normalizer that has to look at the value itself before it fills a column.
#[derive(Clone, Copy)]
pub(crate) enum Held {
    EventName,
    EventTimestamp,
    /// `source`: who decided, on a record that has a `decision`; anything on others.
    Source,
    /// JSON object or its text.
    ToolParameters,
    /// JSON object or its text.
    ToolInput,
    VcsOwner,
    VcsName,
    VcsUrl,
    /// `log.record.uid`, or the id a hook's sender gave the event.
    DeclaredId,
    /// `accept`, `approved`, `denied`, …
    Decision,
    /// Input tokens, those read from and written to the cache among them.
    GrossInput,
    /// Output tokens, those spent on reasoning not among them.
    NetOutput,
    /// Millionths of a dollar.
    CostMicros,
    /// `gen_ai.operation.name`
    Operation,
    /// Codex: `/root`, or the name of a sub-agent.
    AgentName,
    /// Codex: `functions`, or `mcp__` and a server.
    ToolNamespace,
    /// Codex: what came over the stream.
    EventKind,
    /// List of folders.
    WorkspaceRoots,
    /// What an event or an error of a mod carries, as an object.
    Data,
    /// Who did it, as an object.
    Person,
    /// `{id, version}` of a mod, of a brick, of an integration.
    Mod,
    Brick,
    Service,
}

/// A table whose rows are made of attributes, and the columns that [`crate::cells`] fills in each of them.
pub(crate) struct Home {
    pub(crate) columns: &'static [Column],
    pub(crate) repo: Option<Column>,
    pub(crate) attributes: Column,
}

pub(crate) static EVENTS: Home = Home {
    columns: coding_agent_events::TABLE.columns,
    repo: Some(coding_agent_events::REPO),
    attributes: coding_agent_events::ATTRIBUTES,
};

pub(crate) static METRICS: Home = Home {
    columns: coding_agent_metrics::TABLE.columns,
    repo: Some(coding_agent_metrics::REPO),
    attributes: coding_agent_metrics::ATTRIBUTES,
};

pub(crate) static PRODUCT_EVENTS: Home =
    Home { columns: product_events::TABLE.columns, repo: None, attributes: product_events::ATTRIBUTES };

pub(crate) static PRODUCT_ERRORS: Home =
    Home { columns: product_errors::TABLE.columns, repo: None, attributes: product_errors::ATTRIBUTES };

/// Of the widest table.
pub(crate) const COLUMNS: usize = coding_agent_events::TABLE.columns.len();
const _: () = assert!(
    coding_agent_metrics::TABLE.columns.len() <= COLUMNS
        && product_events::TABLE.columns.len() <= COLUMNS
        && product_errors::TABLE.columns.len() <= COLUMNS,
    "slots below COLUMNS are columns"
);

/// Columns first, then what is [`Held`].
pub(crate) const SLOTS: usize = COLUMNS + Held::Service as usize + 1;

/// Where a value goes, and how well its name stands against others of the same slot (0 is best).
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) slot: u8,
    pub(crate) rank: u8,
    fit: Fit,
}

/// Which values a slot takes.
#[derive(Clone, Copy)]
enum Fit {
    /// Text that is not empty, numbers and truth values, for a text column.
    Scalar,
    /// Text that is not empty.
    Text,
    /// Prompts and outputs: text or a tree, but no placeholder for a text that was withheld.
    Content,
    Int,
    Double,
    Bool,
    Any,
}

/// What becomes of a value at its target.
pub(crate) enum Fate {
    Fills,
    /// It does not fit: it stays in `attributes`.
    Stays,
    /// It says that something was withheld, nothing else.
    Goes,
}

pub(crate) type Key = (&'static str, Target);

/// The column, for values of its kind.
pub(crate) const fn to(column: Column, rank: u8) -> Target {
    let fit = match column.kind {
        Kind::Text | Kind::Json | Kind::Timestamp => Fit::Scalar,
        Kind::Int => Fit::Int,
        Kind::Double => Fit::Double,
        Kind::Bool => Fit::Bool,
    };
    target(column.index, rank, fit)
}

/// The column, for text only: where another type under the same name means another thing.
pub(crate) const fn text_to(column: Column, rank: u8) -> Target {
    target(column.index, rank, Fit::Text)
}

/// The column, for prompts and outputs.
pub(crate) const fn content_to(column: Column, rank: u8) -> Target {
    target(column.index, rank, Fit::Content)
}

pub(crate) const fn held(held: Held, rank: u8) -> Target {
    target(COLUMNS + held as usize, rank, Fit::Any)
}

/// As [`held`], for whole numbers only.
pub(crate) const fn held_int(held: Held, rank: u8) -> Target {
    target(COLUMNS + held as usize, rank, Fit::Int)
}

const fn target(slot: usize, rank: u8, fit: Fit) -> Target {
    assert!(slot < SLOTS && SLOTS <= 128, "slots are bits of a u128");
    #[expect(clippy::cast_possible_truncation, reason = "below 128")]
    Target { slot: slot as u8, rank, fit }
}

impl Target {
    /// A target in `coding_agent_events` as one in `home`.
    const fn moved_to(self, home: &Home) -> Option<Self> {
        let slot = self.slot as usize;
        if slot >= COLUMNS {
            let held = slot - COLUMNS;
            let vcs =
                held == Held::VcsOwner as usize || held == Held::VcsName as usize || held == Held::VcsUrl as usize;
            return if vcs { Some(self) } else { None };
        }
        let name = coding_agent_events::TABLE.columns[slot].name;
        let columns = home.columns;
        let mut at = 0;
        while at < columns.len() {
            if same(columns[at].name.as_bytes(), name.as_bytes()) {
                return Some(target(columns[at].index, self.rank, self.fit));
            }
            at += 1;
        }
        None
    }

    pub(crate) fn fate(self, value: &Value<'_>) -> Fate {
        let fits = match (self.fit, value) {
            (Fit::Any, _) => true,
            (Fit::Scalar | Fit::Text, Value::Text(text)) => !text.is_empty(),
            (Fit::Scalar, Value::Int(_) | Value::Double(_) | Value::Bool(_)) => true,
            (Fit::Content, Value::Text(text)) if is_placeholder(text) => return Fate::Goes,
            (Fit::Content, Value::Text(_) | Value::List(_) | Value::Map(_)) => true,
            (Fit::Int, value) => value.to_int().is_some(),
            (Fit::Double, value) => value.to_double().is_some(),
            (Fit::Bool, value) => value.to_bool().is_some(),
            (Fit::Scalar | Fit::Text | Fit::Content, _) => false,
        };
        if fits { Fate::Fills } else { Fate::Stays }
    }
}

/// What agents send in place of a text that their user did not allow them to send.
pub(crate) fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "<REDACTED>" | "[REDACTED]")
}

const BUCKETS: usize = 512;

/// An open-addressed table of keys, made at compile time.
pub(crate) struct KeyMap {
    pub(crate) home: &'static Home,
    buckets: [Option<Key>; BUCKETS],
    count: usize,
}

impl KeyMap {
    /// Keys of `coding_agent_events`. One may be in one of the lists only; two are refused by the compiler.
    pub(crate) const fn new(lists: &[&[Key]]) -> Self {
        Self::at(&EVENTS, lists)
    }

    /// Keys whose targets are columns of `home`, as in [`Self::new`].
    pub(crate) const fn at(home: &'static Home, lists: &[&[Key]]) -> Self {
        let mut map = Self::empty(home);
        let mut list = 0;
        while list < lists.len() {
            let mut entry = 0;
            while entry < lists[list].len() {
                assert!(map.insert(lists[list][entry]), "a key is listed twice");
                entry += 1;
            }
            list += 1;
        }
        map
    }

    /// Keys of another table: `own`, and of `lists`, which are written for `coding_agent_events`, those that fill a column
    /// of a name that `home` has too, or tell the repository. `own` comes before `lists`; any other key is unknown.
    pub(crate) const fn of(home: &'static Home, own: &[Key], lists: &[&[Key]]) -> Self {
        let mut map = Self::empty(home);
        let mut entry = 0;
        while entry < own.len() {
            assert!(map.insert(own[entry]), "a key is listed twice");
            entry += 1;
        }
        let mut list = 0;
        while list < lists.len() {
            let mut entry = 0;
            while entry < lists[list].len() {
                let (key, target) = lists[list][entry];
                if let Some(target) = target.moved_to(home) {
                    map.insert((key, target));
                }
                entry += 1;
            }
            list += 1;
        }
        map
    }

    const fn empty(home: &'static Home) -> Self {
        Self { home, buckets: [None; BUCKETS], count: 0 }
    }

    /// False: the key is there already, and stays as it is.
    const fn insert(&mut self, key: Key) -> bool {
        let mut at = bucket(key.0.as_bytes());
        while let Some((taken, _)) = self.buckets[at] {
            if same(taken.as_bytes(), key.0.as_bytes()) {
                return false;
            }
            at = (at + 1) % BUCKETS;
        }
        self.buckets[at] = Some(key);
        self.count += 1;
        assert!(self.count <= BUCKETS / 2, "the table of keys is too full");
        true
    }

    pub(crate) fn get(&self, key: &str) -> Option<Target> {
        let mut at = bucket(key.as_bytes());
        while let Some((taken, target)) = self.buckets[at] {
            if taken == key {
                return Some(target);
            }
            at = (at + 1) % BUCKETS;
        }
        None
    }
}

/// Mixes length, beginning and end: the keys of agents differ there.
const fn bucket(key: &[u8]) -> usize {
    let (head, tail) = if let (Some(head), Some(tail)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
    } else if let (Some(head), Some(tail)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        (u32::from_le_bytes(*head) as u64, u32::from_le_bytes(*tail) as u64)
    } else if let (Some(head), Some(tail)) = (key.first(), key.last()) {
        (*head as u64, *tail as u64)
    } else {
        (0, 0)
    };
    let mixed = (head ^ (key.len() as u64) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ tail.rotate_left(32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let at = (mixed.wrapping_mul(0xFF51_AFD7_ED55_8CCD) >> 55) as usize;
    at % BUCKETS
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
