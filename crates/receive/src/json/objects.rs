//! One JSON object or a list of them, whatever they hold.

use record::value::Value;

use super::hooks;
use super::reader::Reader;
use crate::Objects;
use crate::error::Fault;

pub(super) fn objects<'a>(reader: &mut Reader<'a, '_>) -> Result<Objects<'a>, Fault> {
    if reader.peek() != Some(b'[') {
        return object(reader).map(Objects::One);
    }
    let mut objects = Vec::new();
    reader.list(|reader| {
        reader.account.pay::<Value<'_>>(reader.at())?;
        objects.push(object(reader)?);
        Ok(())
    })?;
    Ok(Objects::Many(objects))
}

fn object<'a>(reader: &mut Reader<'a, '_>) -> Result<Value<'a>, Fault> {
    match reader.peek() {
        Some(b'{') => hooks::value(reader),
        None => Err(reader.fault("the body is empty; send a JSON object")),
        Some(_) => Err(reader.unexpected("a JSON object")),
    }
}
