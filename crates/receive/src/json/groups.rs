//! The three levels that logs, traces and metrics share: request, resource, scope.

use std::borrow::Cow;

use record::otlp::{LogRecord, Metric, Resource, ResourceGroup, Scope, ScopeGroup, Span};

use super::attributes::Message;
use super::reader::Reader;
use crate::error::Fault;

/// What stands at the leaves, with the keys above it.
pub(super) trait Record<'a>: Message<'a> {
    const RESOURCES: &'static str;
    const SCOPES: &'static str;
    const RECORDS: &'static str;
}

impl<'a> Record<'a> for LogRecord<'a> {
    const RESOURCES: &'static str = "resourceLogs";
    const SCOPES: &'static str = "scopeLogs";
    const RECORDS: &'static str = "logRecords";
}

impl<'a> Record<'a> for Span<'a> {
    const RESOURCES: &'static str = "resourceSpans";
    const SCOPES: &'static str = "scopeSpans";
    const RECORDS: &'static str = "spans";
}

impl<'a> Record<'a> for Metric<'a> {
    const RESOURCES: &'static str = "resourceMetrics";
    const SCOPES: &'static str = "scopeMetrics";
    const RECORDS: &'static str = "metrics";
}

/// `Export…ServiceRequest`: here an object is a must.
pub(super) fn request<'a, R: Record<'a>>(reader: &mut Reader<'a, '_>) -> Result<Vec<ResourceGroup<'a, R>>, Fault> {
    let empty = || ResourceGroup { resource: Resource::default(), scopes: Vec::new(), schema_url: Cow::default() };
    let mut groups = Vec::new();
    reader.fields(|key, reader| {
        if key == R::RESOURCES {
            groups = reader.items(empty, read_resource_group)?;
        }
        Ok(key == R::RESOURCES)
    })?;
    Ok(groups)
}

fn read_resource_group<'a, R: Record<'a>>(
    group: &mut ResourceGroup<'a, R>,
    reader: &mut Reader<'a, '_>,
) -> Result<(), Fault> {
    let empty = || ScopeGroup { scope: Scope::default(), records: Vec::new(), schema_url: Cow::default() };
    reader.fields(|key, reader| {
        match key {
            "resource" => group.resource = reader.message()?,
            "schemaUrl" => group.schema_url = reader.text()?,
            _ if key == R::SCOPES => group.scopes = reader.items(empty, read_scope_group)?,
            _ => return Ok(false),
        }
        Ok(true)
    })
}

fn read_scope_group<'a, R: Record<'a>>(
    group: &mut ScopeGroup<'a, R>,
    reader: &mut Reader<'a, '_>,
) -> Result<(), Fault> {
    reader.fields(|key, reader| {
        match key {
            "scope" => group.scope = reader.message()?,
            "schemaUrl" => group.schema_url = reader.text()?,
            _ if key == R::RECORDS => group.records = reader.messages()?,
            _ => return Ok(false),
        }
        Ok(true)
    })
}
