//! What a plain scalar is by the core schema of YAML 1.2 (section 10.3.2).

use crate::node::Value;

pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" if unsigned == text => return Some(f64::NAN),
        _ => {}
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            #[expect(clippy::cast_precision_loss, reason = "as JavaScript reads it")]
            return u64::from_str_radix(digits, radix).ok().map(|number| number as f64);
        }
    }
    // Rust's own numbers allow words such as `infinity`, which YAML does not.
    let is_number = |char: char| char.is_ascii_digit() || matches!(char, '.' | 'e' | 'E' | '-' | '+');
    if !unsigned.starts_with(|char: char| char.is_ascii_digit() || char == '.') || !unsigned.chars().all(is_number) {
        return None;
    }
    text.parse().ok()
}
