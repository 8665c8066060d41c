//! Which column of the file fills which of the table.
//!
//! The CLI has changed its header many times, so nothing is known by its place. A name is compared without case and without
//! anything but letters and digits. What earlier versions wrote otherwise:
//!
//! | in the file | in the table |
//! |---|---|
//! | `clone…` | `sync…` |
//! | `<stage>Success` (`true`, `false`) | `<stage>outcome` (`Succeeded`, `Failed`), where the file has no `<stage>Outcome` |
//! | `runRecipe` | `runrecipeid` |
//! | `tag.<key>`, `tag_<key>` | `tags`, by key |
//! | any other name | `attributes`, by its name as written |
//!
//! Names that fill one column are one: the first cell that holds something counts, and what another one says differently stays
//! in `attributes`. So it is with names of one tag, of which only the first cell is kept.

use std::collections::HashMap;
use std::sync::LazyLock;

use record::dictionary::{Column, Kind, traces};
use record::trace::{CommandType, Trace};

/// The columns of the file, in its order.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) targets: Vec<Target>,
    /// Keys of the tags, each once, in the order of the file.
    pub(super) tags: Vec<String>,
    /// Names of the columns that stay in `attributes`.
    pub(super) attributes: Vec<String>,
}

/// Where a cell goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Column(Column),
    /// `true` and `false` for `Succeeded` and `Failed`.
    Outcome(Column),
    /// A column that another column of the file fills, too; `attribute` is the place of its own name.
    Again {
        column: Column,
        attribute: usize,
    },
    /// Place in [`Header::tags`].
    Tag(usize),
    /// Place in [`Header::attributes`].
    Attribute(usize),
}

impl Header {
    pub(super) fn of(trace: &Trace<'_>) -> Self {
        let mut header =
            Self { targets: Vec::with_capacity(trace.header.len()), tags: Vec::new(), attributes: Vec::new() };
        let names: Vec<&str> = trace.header.iter().map(|cell| cell.text.as_str().trim()).collect();
        let meanings: Vec<Meaning> = names.iter().map(|name| meaning(name)).collect();
        let direct = |column: Column| {
            meanings.iter().any(|meaning| matches!(meaning, Meaning::Column(other) if other.index == column.index))
        };
        let mut filled = Vec::new();
        for (nth, (name, meaning)) in names.iter().zip(&meanings).enumerate() {
            let target = match *meaning {
                Meaning::Column(column) | Meaning::Success(column) if filled.contains(&column.index) => {
                    Target::Again { column, attribute: header.attribute(name) }
                }
                Meaning::Success(column) if direct(column) => Target::Attribute(header.attribute(name)),
                Meaning::Column(column) => {
                    filled.push(column.index);
                    Target::Column(column)
                }
                Meaning::Success(column) => {
                    filled.push(column.index);
                    Target::Outcome(column)
                }
                Meaning::Tag(key) => Target::Tag(place(&mut header.tags, key)),
                Meaning::Unknown if name.is_empty() => {
                    Target::Attribute(header.attribute(&format!("column_{}", nth + 1)))
                }
                Meaning::Unknown => Target::Attribute(header.attribute(name)),
            };
            header.targets.push(target);
        }
        header
    }

    fn attribute(&mut self, name: &str) -> usize {
        place(&mut self.attributes, name)
    }

    /// Does this column of the file hold a time, that of `column` or any?
    pub(super) fn is_time(&self, nth: u16, column: Option<Column>) -> bool {
        match self.targets.get(usize::from(nth)) {
            Some(Target::Column(filled) | Target::Again { column: filled, .. }) => {
                filled.kind == Kind::Timestamp && column.is_none_or(|column| column.index == filled.index)
            }
            _ => false,
        }
    }
}

/// The start of what commands of this type do.
pub(super) fn own_start(command_type: &CommandType) -> Option<Column> {
    known(&format!("{command_type}starttime"))
}

fn place(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|taken| taken == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

#[derive(Clone, Copy)]
enum Meaning<'n> {
    Column(Column),
    Success(Column),
    Tag(&'n str),
    Unknown,
}

fn meaning(name: &str) -> Meaning<'_> {
    let tag = name.split_at_checked(4).filter(|(start, key)| {
        !key.is_empty() && (start.eq_ignore_ascii_case("tag.") || start.eq_ignore_ascii_case("tag_"))
    });
    if let Some((_, key)) = tag {
        return Meaning::Tag(key);
    }
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect();
    if plain.len() != name.chars().filter(|char| char.is_alphanumeric()).count() {
        return Meaning::Unknown;
    }
    let renamed = match plain.strip_prefix("clone") {
        Some(rest) => format!("sync{rest}"),
        None if plain == "runrecipe" => "runrecipeid".to_owned(),
        None => plain,
    };
    if let Some(column) = known(&renamed) {
        return Meaning::Column(column);
    }
    let outcome = renamed.strip_suffix("success").and_then(|stage| known(&format!("{stage}outcome")));
    outcome.map_or(Meaning::Unknown, Meaning::Success)
}

/// A column of the file format; those that modlake adds come after `organization`.
fn known(name: &str) -> Option<Column> {
    static COLUMNS: LazyLock<HashMap<&str, Column>> = LazyLock::new(|| {
        let columns = traces::TABLE.columns.iter().take(traces::ORGANIZATION.index + 1);
        columns.map(|column| (column.name, *column)).collect()
    });
    COLUMNS.get(name).copied()
}
