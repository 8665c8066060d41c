//! The way of one record: its attributes, read once, become the cells of a row; what fills none becomes `attributes`.

use std::collections::HashSet;

use record::dictionary::Column;
use record::rows::Rows;
use record::value::{Attribute, Value};

use crate::decision;
use crate::fields::Fields;
use crate::keys::{self, COLUMNS, Fate, Held, Home, KeyMap, SLOTS};
use crate::level::Level;
use crate::tokens;

/// Attributes of one record, sorted by where they go. Made once and used for record after record.
pub(crate) struct Cells<'v, 'a> {
    home: &'static Home,
    attributes: &'v [Attribute<'a>],
    /// The best value of each slot; only those whose bit in `picked` is set.
    picks: [Pick; SLOTS],
    picked: u128,
    /// Places of the attributes that fill no column.
    rest: Vec<usize>,
}

#[derive(Clone, Copy, Default)]
struct Pick {
    at: usize,
    rank: u8,
}

/// More attributes than this are compared through a hash set when repeated keys are sought.
const FEW: usize = 32;

impl<'v, 'a> Cells<'v, 'a> {
    pub(crate) fn new() -> Self {
        Self { home: &keys::EVENTS, attributes: &[], picks: [Pick::default(); SLOTS], picked: 0, rest: Vec::new() }
    }

    /// Sorts the attributes of the next record.
    pub(crate) fn read(&mut self, attributes: &'v [Attribute<'a>], keys: &KeyMap) {
        self.home = keys.home;
        self.attributes = attributes;
        self.picked = 0;
        self.rest.clear();
        for (at, (key, value)) in attributes.iter().enumerate() {
            let Some(target) = keys.get(key) else {
                self.rest.push(at);
                continue;
            };
            match target.fate(value) {
                Fate::Fills => self.pick(usize::from(target.slot), Pick { at, rank: target.rank }),
                Fate::Stays => self.rest.push(at),
                Fate::Goes => {}
            }
        }
    }

    fn pick(&mut self, slot: usize, new: Pick) {
        let bit = 1 << slot;
        if self.picked & bit == 0 {
            self.picked |= bit;
            self.picks[slot] = new;
            return;
        }
        let old = self.picks[slot];
        let loser = if new.rank < old.rank { old } else { new };
        if new.rank < old.rank {
            self.picks[slot] = new;
        }
        if self.attributes[old.at].1 != self.attributes[new.at].1 {
            self.rest.push(loser.at);
        }
    }

    fn slot(&self, slot: usize) -> Option<&'v Value<'a>> {
        (self.picked & 1 << slot != 0).then(|| &self.attributes[self.picks[slot].at].1)
    }

    pub(crate) fn column(&self, column: Column) -> Option<&'v Value<'a>> {
        self.slot(column.index)
    }

    /// The text of a column.
    pub(crate) fn text(&self, column: Column) -> Option<&'v str> {
        self.column(column)?.as_str()
    }

    pub(crate) fn held(&self, held: Held) -> Option<&'v Value<'a>> {
        self.slot(COLUMNS + held as usize)
    }

    pub(crate) fn held_text(&self, held: Held) -> Option<&'v str> {
        self.held(held)?.as_str().filter(|text| !text.is_empty())
    }

    /// Keeps in `attributes` what was held.
    pub(crate) fn keep(&mut self, held: Held) {
        let slot = COLUMNS + held as usize;
        if self.picked & 1 << slot != 0 {
            self.rest.push(self.picks[slot].at);
        }
    }

    /// Leaves in `attributes` what would fill the column.
    pub(crate) fn displace(&mut self, column: Column) {
        let bit = 1 << column.index;
        if self.picked & bit != 0 {
            self.picked &= !bit;
            self.rest.push(self.picks[column.index].at);
        }
    }

    /// Keeps in `attributes`, too, what fills the column.
    pub(crate) fn keep_column(&mut self, column: Column) {
        if self.picked & 1 << column.index != 0 {
            self.rest.push(self.picks[column.index].at);
        }
    }

    /// Drops what would fill the column: another one says the same.
    pub(crate) fn forget(&mut self, column: Column) {
        self.picked &= !(1 << column.index);
    }

    /// Keeps in `attributes` what was held for its text and has none.
    pub(crate) fn keep_unless_text(&mut self, held: Held) {
        if self.held_text(held).is_none() {
            self.keep(held);
        }
    }

    /// `owner/name`, else the URL: what names the repository where no `repo` does.
    pub(crate) fn vcs_repo(&self) -> Option<String> {
        match (self.held_text(Held::VcsOwner), self.held_text(Held::VcsName)) {
            (Some(owner), Some(name)) => Some(format!("{owner}/{name}")),
            _ => self.held_text(Held::VcsUrl).map(str::to_owned),
        }
    }

    /// Each column with its value, in the order of the table.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (Column, &'v Value<'a>)> {
        let mut left = self.picked & ((1 << COLUMNS) - 1);
        std::iter::from_fn(move || {
            let slot = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some((*self.home.columns.get(slot)?, &self.attributes.get(self.picks[slot].at)?.1))
        })
    }

    /// The attributes that fill no column.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
        let attributes = self.attributes;
        self.rest.iter().filter_map(move |at| attributes.get(*at)).map(|(key, value)| (key.as_ref(), value))
    }

    fn has_rest(&self, key: &str) -> bool {
        self.rest().any(|(taken, _)| taken == key)
    }

    /// Fills the columns with the record's own values.
    pub(crate) fn write_own(&mut self, rows: &mut Rows) {
        for (column, value) in self.columns() {
            rows.value(column, value);
        }
        decision::write(self, rows);
        tokens::write(self, rows);
    }

    /// Fills the columns that are still empty with the values of scope and resource, in this order.
    pub(crate) fn inherit(&mut self, levels: [&Level<'v, 'a>; 2], rows: &mut Rows) {
        for level in levels {
            for (column, value) in &level.columns {
                rows.value(*column, value);
            }
        }
        if let Some(column) = self.home.repo.filter(|column| rows.is_unset(*column)) {
            let own = self.vcs_repo();
            let inherited = || levels.into_iter().find_map(|level| level.vcs_repo.as_deref());
            if let Some(repo) = own.as_deref().or_else(inherited) {
                rows.text(column, repo);
            }
        }
        for vcs in [Held::VcsOwner, Held::VcsName, Held::VcsUrl] {
            self.keep(vcs);
        }
    }

    /// Writes `attributes`: the rest of the record, then `more`, then what scope and resource add. A key comes once.
    pub(crate) fn write_attributes(
        &self,
        levels: [&Level<'v, 'a>; 2],
        rows: &mut Rows,
        more: impl FnOnce(&mut More<'_, '_, 'v, 'a>),
    ) {
        rows.text_with(self.home.attributes, |out| {
            let mut fields = Fields::begin(out);
            let mut many = (self.rest.len() > FEW).then(HashSet::new);
            for (nth, (key, value)) in self.rest().enumerate() {
                let repeated = match &mut many {
                    Some(seen) => !seen.insert(key),
                    None => self.rest().take(nth).any(|(taken, _)| taken == key),
                };
                if !repeated {
                    fields.value(key, value);
                }
            }
            more(&mut More { cells: self, fields: &mut fields });
            let [scope, resource] = levels;
            for (key, fragment) in &scope.rest {
                if !self.has_rest(key) {
                    fields.fragment(fragment);
                }
            }
            for (key, fragment) in &resource.rest {
                if !self.has_rest(key) && !scope.rest.iter().any(|(taken, _)| taken == key) {
                    fields.fragment(fragment);
                }
            }
            fields.end();
        });
    }
}

/// Adds to `attributes` what the record carries outside of its attributes, unless an attribute has that key.
pub(crate) struct More<'f, 'o, 'v, 'a> {
    cells: &'f Cells<'v, 'a>,
    fields: &'f mut Fields<'o>,
}

impl More<'_, '_, '_, '_> {
    pub(crate) fn value(&mut self, key: &str, value: &Value<'_>) {
        if !self.cells.has_rest(key) {
            self.fields.value(key, value);
        }
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() && !self.cells.has_rest(key) {
            self.fields.text(key, text);
        }
    }

    pub(crate) fn with(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.cells.has_rest(key) {
            self.fields.with(key, write);
        }
    }
}
