//! A JSON object being written into a column.

use record::json;
use record::value::Value;

pub(crate) struct Fields<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Fields<'o> {
    pub(crate) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    pub(crate) fn value(&mut self, key: &str, value: &Value<'_>) {
        self.with(key, |out| json::write_value(value, out));
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.with(key, |out| json::write_str(text, out));
    }

    /// A value that `write` appends as JSON.
    pub(crate) fn with(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.comma();
        json::write_str(key, self.out);
        self.out.push(b':');
        write(self.out);
    }

    /// `"key":value` as it is.
    pub(crate) fn fragment(&mut self, json: &[u8]) {
        self.comma();
        self.out.extend_from_slice(json);
    }

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }

    fn comma(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }
}
