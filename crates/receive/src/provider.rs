//! Which program an OTLP request tells about, for the routes that do not say it.

use record::otlp::{LogRecord, Otlp, ResourceGroup, ScopeGroup};
use record::source::Provider;
use record::value;

/// The provider of the first resource that gives one away: by `service.name` (`claude-code`, `codex_exec`,
/// `codex_cli_rs`, `cursor`, …), or by a scope's name, because users may rename the service (`OTEL_SERVICE_NAME`) but
/// not the scope.
pub fn provider_of(otlp: &Otlp<'_>) -> Provider {
    match otlp {
        Otlp::Logs(groups) if is_of_browser_mods(groups) => Some(Provider::BrowserMod),
        Otlp::Logs(groups) => groups.iter().find_map(of_group),
        Otlp::Traces(groups) => groups.iter().find_map(of_group),
        Otlp::Metrics(groups) => groups.iter().find_map(of_group),
    }
    .unwrap_or(Provider::Other)
}

/// Whether all log records are events of browser mods: each resource, or the first record of each of its scopes, names a mod or
/// its deployment, or was made by OpenTelemetry's SDK for browsers (`telemetry.sdk.language` is `webjs`). A request that holds
/// records of another program too is that program's: what it may keep is less.
fn is_of_browser_mods(groups: &[ResourceGroup<'_, LogRecord<'_>>]) -> bool {
    let is_mods = |group: &ResourceGroup<'_, LogRecord<'_>>| {
        let of_first = |scope: &ScopeGroup<'_, LogRecord<'_>>| {
            scope.records.first().is_none_or(|record| names_mod(&record.attributes))
        };
        let resource = &group.resource.attributes;
        let language = value::get(resource, "telemetry.sdk.language").and_then(value::Value::as_str);
        let has_records = group.scopes.iter().any(|scope| !scope.records.is_empty());
        of_group(group).is_none()
            && (language == Some("webjs") || names_mod(resource) || has_records && group.scopes.iter().all(of_first))
    };
    !groups.is_empty() && groups.iter().all(is_mods)
}

fn names_mod(attributes: &[value::Attribute<'_>]) -> bool {
    attributes.iter().any(|(key, _)| MOD_KEYS.contains(&key.as_ref()))
}

/// Attributes that only mods have, in the spellings of both generations and in OpenTelemetry's way.
const MOD_KEYS: [&str; 11] = [
    "mod.id",
    "modId",
    "mod_id",
    "blueprintId",
    "mod.component.id",
    "modComponentId",
    "mod_component_id",
    "extensionPointId",
    "starterBrickId",
    "mod.deployment.id",
    "deploymentId",
];

fn of_group<R>(group: &ResourceGroup<'_, R>) -> Option<Provider> {
    let service = value::get(&group.resource.attributes, "service.name").and_then(value::Value::as_str);
    let scopes = group.scopes.iter().map(|scope| scope.scope.name.as_ref());
    service.into_iter().chain(scopes).find_map(of_name)
}

/// `starts` alone, or followed by something that is not part of its word.
fn of_name(name: &str) -> Option<Provider> {
    let is = |start: &str| {
        name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
            && !name.as_bytes().get(start.len()).is_some_and(u8::is_ascii_alphanumeric)
    };
    if is("claude-code") || is("claude_code") || is("com.anthropic.claude_code") {
        Some(Provider::ClaudeCode)
    } else if is("codex") {
        Some(Provider::Codex)
    } else if is("cursor") {
        Some(Provider::Cursor)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
