//! A dynamic value: OTLP's `AnyValue` and JSON's value are the same tree here.

use std::borrow::Cow;

use crate::time::Timestamp;

/// A key and its value. Keys may repeat (OTLP does not forbid it); readers take the first that fits.
pub type Attribute<'a> = (Cow<'a, str>, Value<'a>);

/// Attributes in the order they came.
pub type Attributes<'a> = Vec<Attribute<'a>>;

/// A value as decoded, borrowing its text from the request's bytes wherever it can.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// OTLP's unset `AnyValue`, JSON's `null`.
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Value<'a>>),
    Map(Attributes<'a>),
}

impl<'a> Value<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Attributes<'a>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        get(self.as_map()?, key)
    }

    /// An integer, whatever type carries it: agents send numbers as ints, doubles and strings (`reference`: types are uneven).
    pub fn to_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Double(double) => double_to_int(*double),
            Self::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| text.parse().ok().and_then(double_to_int))
            }
            _ => None,
        }
    }

    /// A finite number, whatever type carries it.
    pub fn to_double(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "counts and costs are far below 2^53")]
            Self::Int(int) => Some(*int as f64),
            Self::Double(double) => Some(*double),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
        .filter(|double| double.is_finite())
    }

    /// A truth value, whatever type carries it: `true`, `"true"`, `"1"`, `1`.
    pub fn to_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            Self::Int(0) => Some(false),
            Self::Int(1) => Some(true),
            Self::Text(text) => match text.trim() {
                "true" | "True" | "TRUE" | "1" => Some(true),
                "false" | "False" | "FALSE" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// An instant as browsers tell it: milliseconds since 1970 as a number or in digits, or ISO 8601, in UTC where it has no offset.
    pub fn to_timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Int(_) | Self::Double(_) => Timestamp::from_millis(self.to_double()?),
            Self::Text(text) => Timestamp::parse_utc(text).or_else(|| Timestamp::from_millis(self.to_double()?)),
            _ => None,
        }
    }

    /// The same value with nothing borrowed.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(bool),
            Self::Int(int) => Value::Int(int),
            Self::Double(double) => Value::Double(double),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Self::Map(entries) => Value::Map(
                entries.into_iter().map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect(),
            ),
        }
    }
}

/// The first value of `key`.
pub fn get<'v, 'a>(attributes: &'v [Attribute<'a>], key: &str) -> Option<&'v Value<'a>> {
    attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

#[expect(clippy::cast_possible_truncation, reason = "checked against the range first")]
fn double_to_int(double: f64) -> Option<i64> {
    (double.is_finite() && double.abs() < 9.0e18).then_some(double.round() as i64)
}

#[cfg(test)]
mod tests;
