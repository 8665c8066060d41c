//! What scope and resource give to each of their records, worked out once for all of them.

use record::dictionary::{Column, coding_agent_events as events};
use record::json;
use record::value::{Attribute, Value};

use crate::cells::Cells;
use crate::keys::{Held, Key, KeyMap, to};
use crate::names;

/// A longer value is not copied to every record; the raw row keeps it.
const LONGEST_VALUE: usize = 512;

/// JSON bytes of attributes copied to every record.
const LONGEST_REST: usize = 2_048;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::MACHINE, SESSION]);

/// Tools other than the known agents say their session on the resource.
pub(crate) const SESSION: &[Key] = &[("session.id", to(events::SESSION_ID, 0))];

#[derive(Default)]
pub(crate) struct Level<'v, 'a> {
    pub(crate) columns: Vec<(Column, &'v Value<'a>)>,
    pub(crate) vcs_repo: Option<String>,
    /// Keys, and `"key":value` as JSON.
    pub(crate) rest: Vec<(&'v str, Vec<u8>)>,
}

impl<'v, 'a> Level<'v, 'a> {
    /// What it gives to rows of `coding_agent_events`.
    pub(crate) fn of(attributes: &'v [Attribute<'a>]) -> Self {
        Self::by(&KEYS, attributes)
    }

    /// What it gives to rows of the table that `keys` are of.
    pub(crate) fn by(keys: &KeyMap, attributes: &'v [Attribute<'a>]) -> Self {
        if attributes.is_empty() {
            return Self::default();
        }
        let mut cells = Cells::new();
        cells.read(attributes, keys);
        let columns = cells.columns().filter(|(_, value)| is_short(value)).collect();
        let vcs_repo = cells.vcs_repo().filter(|repo| repo.len() <= LONGEST_VALUE);
        for vcs in [Held::VcsOwner, Held::VcsName, Held::VcsUrl] {
            cells.keep(vcs);
        }
        Self { columns, vcs_repo, rest: fragments(&cells) }
    }
}

fn is_short(value: &Value<'_>) -> bool {
    value.as_str().is_none_or(|text| text.len() <= LONGEST_VALUE)
}

fn fragments<'v>(cells: &Cells<'v, '_>) -> Vec<(&'v str, Vec<u8>)> {
    let mut fragments: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut bytes = 0;
    for (key, value) in cells.rest() {
        if !is_short(value) || key.len() > LONGEST_VALUE || fragments.iter().any(|(taken, _)| *taken == key) {
            continue;
        }
        let mut fragment = Vec::new();
        json::write_str(key, &mut fragment);
        fragment.push(b':');
        json::write_value(value, &mut fragment);
        bytes += fragment.len();
        if bytes > LONGEST_REST {
            break;
        }
        fragments.push((key, fragment));
    }
    fragments
}
