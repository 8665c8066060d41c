//! The three levels that logs, traces and metrics share: request, resource, scope.

use std::borrow::Cow;

use record::otlp::{LogRecord, Metric, Resource, ResourceGroup, Scope, ScopeGroup, Span};

use super::wire::{Key, Message, Reader};
use crate::error::Fault;

/// What stands at the leaves, with the field names above it.
pub(super) trait Record<'a>: Message<'a> {
    const RESOURCES: &'static str;
    const SCOPES: &'static str;
    const RECORDS: &'static str;
}

impl<'a> Record<'a> for LogRecord<'a> {
    const RESOURCES: &'static str = "resource_logs";
    const SCOPES: &'static str = "scope_logs";
    const RECORDS: &'static str = "log_records";
}

impl<'a> Record<'a> for Span<'a> {
    const RESOURCES: &'static str = "resource_spans";
    const SCOPES: &'static str = "scope_spans";
    const RECORDS: &'static str = "spans";
}

impl<'a> Record<'a> for Metric<'a> {
    const RESOURCES: &'static str = "resource_metrics";
    const SCOPES: &'static str = "scope_metrics";
    const RECORDS: &'static str = "metrics";
}

/// `Export…ServiceRequest`.
pub(super) struct Request<'a, R>(pub(super) Vec<ResourceGroup<'a, R>>);

impl<R> Default for Request<'_, R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, R: Record<'a>> Message<'a> for Request<'a, R> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        if key.number() != 1 {
            return reader.skip(key);
        }
        let empty = ResourceGroup { resource: Resource::default(), scopes: Vec::new(), schema_url: Cow::default() };
        reader.push_with(key, R::RESOURCES, &mut self.0, empty, read_resource_group)
    }
}

fn read_resource_group<'a, R: Record<'a>>(
    mut reader: Reader<'a, '_>,
    group: &mut ResourceGroup<'a, R>,
) -> Result<(), Fault> {
    while reader.more() {
        let key = reader.key()?;
        match key.number() {
            1 => reader.message(key, "resource", &mut group.resource)?,
            2 => {
                let empty = ScopeGroup { scope: Scope::default(), records: Vec::new(), schema_url: Cow::default() };
                reader.push_with(key, R::SCOPES, &mut group.scopes, empty, read_scope_group)?;
            }
            3 => group.schema_url = reader.text(key, "schema_url")?,
            _ => reader.skip(key)?,
        }
    }
    Ok(())
}

fn read_scope_group<'a, R: Record<'a>>(mut reader: Reader<'a, '_>, group: &mut ScopeGroup<'a, R>) -> Result<(), Fault> {
    while reader.more() {
        let key = reader.key()?;
        match key.number() {
            1 => reader.message(key, "scope", &mut group.scope)?,
            2 => reader.push(key, R::RECORDS, &mut group.records)?,
            3 => group.schema_url = reader.text(key, "schema_url")?,
            _ => reader.skip(key)?,
        }
    }
    Ok(())
}
