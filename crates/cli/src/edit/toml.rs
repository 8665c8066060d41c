//! TOML, edited in place by `toml_edit`, with what that does not keep: a byte order mark, `\r\n`, and a last line
//! without an end.

use toml_edit::{DocumentMut, Item, TableLike, Value};

const BOM: char = '\u{feff}';

/// A text that is TOML.
#[derive(Clone, Debug)]
pub(crate) struct Toml {
    pub(crate) document: DocumentMut,
    bom: bool,
    windows: bool,
    /// The last line has no end.
    open_ended: bool,
}

impl Toml {
    /// The text, or where and why it cannot be edited. The reason holds nothing of the text but names of keys.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (bom, inner) = text.strip_prefix(BOM).map_or((false, text), |text| (true, text));
        let windows = inner.contains("\r\n");
        let unix = inner.replace("\r\n", "\n");
        let document: DocumentMut = unix.parse().map_err(|error: toml_edit::TomlError| {
            // The error's own text quotes the line, which may hold a key.
            let before = error.span().and_then(|span| unix.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("is not TOML: line {line} column {column}: {}", error.message())
        })?;
        let open_ended = !unix.is_empty() && document.to_string().strip_suffix('\n') == Some(&unix);
        let toml = Self { document, bom, windows, open_ended };
        if toml.to_text() == text {
            Ok(toml)
        } else {
            Err("mixes line ends (\\n and \\r\\n), which an edit would change".to_owned())
        }
    }

    pub(crate) fn new() -> Self {
        Self { document: DocumentMut::new(), bom: false, windows: false, open_ended: false }
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = self.document.to_string();
        if self.open_ended && text.ends_with('\n') {
            text.pop();
        }
        if self.windows {
            text = text.replace('\n', "\r\n");
        }
        if self.bom { format!("{BOM}{text}") } else { text }
    }
}

/// Sets `key`, and keeps the comment behind it.
pub(crate) fn put(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(value));
}
