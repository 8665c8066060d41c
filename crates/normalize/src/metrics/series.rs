//! Which points are one series: those of equal provider, resource, scope (name, version, attributes), metric name, type, unit,
//! temporality, monotonicity and point attributes, as OpenTelemetry's metric data model identifies a timeseries. Descriptions,
//! schema URLs and metadata do not count, nor does the tenant: a series is only ever looked at within one.
//!
//! The order of attributes does not matter, their types do: `1`, `1.0` and `"1"` are three values. Of a repeated key the first
//! counts. The attributes are those that the sanitizer left: another capture policy may make another series of the same sender.
//!
//! The hash is XXH3-128, once for each level over the hash of the level above: domain separator, then fields with their lengths;
//! attributes sorted by the bytes of their keys; a value as its type and its bytes.

use record::otlp::{Metric, Resource, Scope};
use record::source::Provider;
use record::value::{Attribute, Value};
use twox_hash::XxHash3_128;

use crate::metrics::measured::Kind;

/// Made once and used for all points of a request.
#[derive(Default)]
pub(crate) struct Canonical {
    fields: Vec<u8>,
    order: Vec<usize>,
}

impl Canonical {
    pub(crate) fn resource(&mut self, provider: Provider, resource: &Resource<'_>) -> u128 {
        self.fields.clear();
        push(&mut self.fields, b"modlake series 1");
        push(&mut self.fields, provider.as_str().as_bytes());
        self.attributes(&resource.attributes)
    }

    pub(crate) fn scope(&mut self, in_resource: u128, scope: &Scope<'_>) -> u128 {
        self.below(in_resource);
        push(&mut self.fields, scope.name.as_bytes());
        push(&mut self.fields, scope.version.as_bytes());
        self.attributes(&scope.attributes)
    }

    pub(crate) fn metric(&mut self, in_scope: u128, metric: &Metric<'_>, kind: Kind) -> u128 {
        self.below(in_scope);
        push(&mut self.fields, metric.name.as_bytes());
        push(&mut self.fields, metric.unit.as_bytes());
        push(&mut self.fields, kind.name.as_bytes());
        self.fields.extend_from_slice(&kind.aggregation_temporality.to_le_bytes());
        self.fields.push(u8::from(kind.is_monotonic == Some(true)));
        XxHash3_128::oneshot(&self.fields)
    }

    pub(crate) fn series(&mut self, in_metric: u128, attributes: &[Attribute<'_>]) -> u128 {
        self.below(in_metric);
        self.attributes(attributes)
    }

    fn below(&mut self, above: u128) {
        self.fields.clear();
        self.fields.extend_from_slice(&above.to_le_bytes());
    }

    /// Adds the attributes and hashes all.
    fn attributes(&mut self, attributes: &[Attribute<'_>]) -> u128 {
        push_attributes(attributes, &mut self.order, &mut self.fields);
        XxHash3_128::oneshot(&self.fields)
    }
}

fn push_attributes(attributes: &[Attribute<'_>], order: &mut Vec<usize>, out: &mut Vec<u8>) {
    order.clear();
    order.extend(0..attributes.len());
    // stable: of equal keys the first stays first, and the others go
    order.sort_by(|a, b| attributes[*a].0.as_bytes().cmp(attributes[*b].0.as_bytes()));
    order.dedup_by(|later, earlier| attributes[*later].0 == attributes[*earlier].0);
    push_len(out, order.len());
    for at in order {
        let (key, value) = &attributes[*at];
        push(out, key.as_bytes());
        push_value(value, out);
    }
}

fn push_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(bool) => out.extend_from_slice(&[1, u8::from(*bool)]),
        Value::Int(int) => {
            out.push(2);
            out.extend_from_slice(&int.to_le_bytes());
        }
        Value::Double(double) => {
            out.push(3);
            let one_nan = if double.is_nan() { f64::NAN } else { *double };
            out.extend_from_slice(&one_nan.to_le_bytes());
        }
        Value::Text(text) => {
            out.push(4);
            push(out, text.as_bytes());
        }
        Value::Bytes(bytes) => {
            out.push(5);
            push(out, bytes);
        }
        Value::List(items) => {
            out.push(6);
            push_len(out, items.len());
            for item in items {
                push_value(item, out);
            }
        }
        Value::Map(entries) => {
            out.push(7);
            push_attributes(entries, &mut Vec::new(), out);
        }
    }
}

fn push(out: &mut Vec<u8>, field: &[u8]) {
    push_len(out, field.len());
    out.extend_from_slice(field);
}

fn push_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&(len as u64).to_le_bytes());
}

#[cfg(test)]
mod tests;
