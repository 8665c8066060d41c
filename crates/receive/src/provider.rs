//! Which program an OTLP request tells about, for the routes that do not say it.

use record::otlp::{Otlp, ResourceGroup};
use record::source::Provider;
use record::value;

/// The provider of the first resource that gives one away: by `service.name` (`claude-code`, `codex_exec`,
/// `codex_cli_rs`, `cursor`, …), or by a scope's name, because users may rename the service (`OTEL_SERVICE_NAME`) but
/// not the scope.
pub fn provider_of(otlp: &Otlp<'_>) -> Provider {
    match otlp {
        Otlp::Logs(groups) => groups.iter().find_map(of_group),
        Otlp::Traces(groups) => groups.iter().find_map(of_group),
        Otlp::Metrics(groups) => groups.iter().find_map(of_group),
    }
    .unwrap_or(Provider::Other)
}

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
