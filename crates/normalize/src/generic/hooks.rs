//! Hooks of programs that nobody has described: read by the usual names.

use record::rows::Rows;
use record::value::Value;

use crate::hook::{self, Dialect};
use crate::keys::KeyMap;
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, hook::SHARED]);

const DIALECT: Dialect = Dialect { keys: &KEYS, tell: |_, _, _| {} };

pub(crate) fn write(hooks: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    hook::write(hooks, &DIALECT, request, rows);
}
