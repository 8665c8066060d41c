//! Every place of an OTLP request that holds text.

use record::otlp::{
    Exemplar, LogRecord, Metric, MetricData, NumberPoint, Otlp, ResourceGroup, Scope, Span, SpanEvent, SpanLink,
};
use record::source::Provider;
use record::value::{self, Attribute, Attributes, Value};

use super::clean::{Cleaner, Consent, Content, Context};
use super::keys::Place;
use super::marks::Marks;

impl Cleaner<'_> {
    pub(super) fn otlp(&mut self, otlp: &mut Otlp<'_>) {
        match otlp {
            Otlp::Logs(groups) if self.provider == Provider::BrowserMod => self.product_logs(groups),
            Otlp::Logs(groups) => self.groups(groups, Self::log_record),
            Otlp::Traces(groups) => self.groups(groups, Self::span),
            Otlp::Metrics(groups) => self.groups(groups, Self::metric),
        }
    }

    /// Records come before their resource, because they are compared with what it says.
    fn groups<'a, R>(
        &mut self,
        groups: &mut [ResourceGroup<'a, R>],
        record: impl Fn(&mut Self, &mut R, &[Attribute<'a>]),
    ) {
        for group in groups {
            let resource = &group.resource.attributes;
            self.is_sensitive_file = false;
            for scope in &mut group.scopes {
                for one in &mut scope.records {
                    record(self, one, resource);
                }
                self.is_sensitive_file = false;
                self.scope(&mut scope.scope, resource);
                self.schema_url(&mut scope.schema_url);
            }
            let context = self.context(Place::Resource, &[&group.resource.attributes], &[]);
            let mut marks = Marks::default();
            self.attributes(&context, &mut group.resource.attributes, &mut marks);
            self.finish(marks, &mut group.resource.attributes);
            self.schema_url(&mut group.schema_url);
        }
    }

    fn context<'c, 'a>(
        &self,
        place: Place,
        opt_ins: &[&[Attribute<'_>]],
        resource: &'c [Attribute<'a>],
    ) -> Context<'c, 'a> {
        let consent = self.consent(opt_ins);
        Context { place, consent, emitter_keys: &[], is_response_body: false, resource, depth: 0 }
    }

    fn scope<'a>(&mut self, scope: &mut Scope<'a>, resource: &[Attribute<'a>]) {
        let context = self.context(Place::Part, &[resource], resource);
        let mut marks = Marks::default();
        self.label("scope.name", &mut scope.name, &mut marks);
        self.label("scope.version", &mut scope.version, &mut marks);
        self.attributes(&context, &mut scope.attributes, &mut marks);
        self.finish(marks, &mut scope.attributes);
    }

    /// Has no attributes beside it: what is done to it is only counted.
    fn schema_url(&mut self, url: &mut std::borrow::Cow<'_, str>) {
        let mut marks = Marks::default();
        self.label("schema_url", url, &mut marks);
        self.finish(marks, &mut Attributes::new());
    }

    fn log_record<'a>(&mut self, record: &mut LogRecord<'a>, resource: &[Attribute<'a>]) {
        let event = value::get(&record.attributes, "event.name").and_then(Value::as_str).unwrap_or_default();
        let event = event.strip_prefix("claude_code.").unwrap_or(event);
        let is_prompt = matches!(event, "user_prompt" | "codex.user_prompt") && self.is_consenting_emitter();
        let context = Context {
            emitter_keys: if is_prompt { &["prompt", "prompt_text"] } else { &[] },
            is_response_body: event == "api_response_body",
            ..self.context(Place::Log, &[resource, &record.attributes], resource)
        };
        let mut marks = Marks::default();
        self.record(&context, &mut record.attributes, &mut marks);
        self.label("severity_text", &mut record.severity_text, &mut marks);
        self.label("event_name", &mut record.event_name, &mut marks);
        self.body(&mut record.body, context.consent, &mut marks);
        self.finish(marks, &mut record.attributes);
    }

    /// Claude Code and Codex send prompts only when their user said so; other tools may by default.
    fn is_consenting_emitter(&self) -> bool {
        self.policy.honor_emitter_prompts && matches!(self.provider, Provider::ClaudeCode | Provider::Codex)
    }

    /// The name of an event stays; any other body is a conversation's text for all we know.
    fn body(&mut self, body: &mut Value<'_>, consent: Consent, marks: &mut Marks) {
        let stays = match body {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) => true,
            Value::Text(text) => is_event_name(text),
            _ => false,
        };
        if !stays && !self.content("body", Content::Mixed, consent, body, marks) {
            *body = Value::Null;
        }
    }

    fn span<'a>(&mut self, span: &mut Span<'a>, resource: &[Attribute<'a>]) {
        let context = Context {
            emitter_keys: if self.is_consenting_emitter() { &["user_prompt"] } else { &[] },
            ..self.context(Place::Span, &[resource, &span.attributes], resource)
        };
        let part = Context { place: Place::Part, emitter_keys: &[], ..context };
        let mut marks = Marks::default();
        self.record(&context, &mut span.attributes, &mut marks);
        self.label("span.name", &mut span.name, &mut marks);
        self.label("trace_state", &mut span.trace_state, &mut marks);
        self.error_text("status.message", context.consent, &mut span.status.message, &mut marks);
        for SpanEvent { name, attributes, .. } in &mut span.events {
            self.label("event.name", name, &mut marks);
            self.inner_record(&part, attributes, &mut marks);
        }
        for SpanLink { trace_state, attributes, .. } in &mut span.links {
            self.label("trace_state", trace_state, &mut marks);
            self.attributes(&part, attributes, &mut marks);
        }
        self.finish(marks, &mut span.attributes);
    }

    fn metric<'a>(&mut self, metric: &mut Metric<'a>, resource: &[Attribute<'a>]) {
        let context = self.context(Place::Point, &[resource], resource);
        self.session.enter(&[resource]);
        let mut marks = Marks::default();
        self.label("metric.name", &mut metric.name, &mut marks);
        self.label("metric.description", &mut metric.description, &mut marks);
        self.label("metric.unit", &mut metric.unit, &mut marks);
        self.attributes(&context, &mut metric.metadata, &mut marks);
        self.finish(marks, &mut metric.metadata);
        match &mut metric.data {
            MetricData::None => {}
            MetricData::Gauge(points) | MetricData::Sum { points, .. } => {
                for NumberPoint { attributes, exemplars, .. } in points {
                    self.point(attributes, exemplars, resource);
                }
            }
            MetricData::Histogram { points, .. } => {
                for point in points {
                    self.point(&mut point.attributes, &mut point.exemplars, resource);
                }
            }
            MetricData::ExponentialHistogram { points, .. } => {
                for point in points {
                    self.point(&mut point.attributes, &mut point.exemplars, resource);
                }
            }
            MetricData::Summary(points) => {
                for point in points {
                    self.point(&mut point.attributes, &mut [], resource);
                }
            }
        }
    }

    fn point<'a>(
        &mut self,
        attributes: &mut Attributes<'a>,
        exemplars: &mut [Exemplar<'a>],
        resource: &[Attribute<'a>],
    ) {
        let context = self.context(Place::Point, &[resource, attributes], resource);
        self.session.enter(&[resource, attributes]);
        let mut marks = Marks::default();
        self.attributes(&context, attributes, &mut marks);
        for exemplar in exemplars {
            self.attributes(&context, &mut exemplar.filtered_attributes, &mut marks);
        }
        self.finish(marks, attributes);
    }
}

/// `claude_code.user_prompt`, `codex.tool_result`: an agent's namespace and lower-case words.
fn is_event_name(text: &str) -> bool {
    const AGENTS: [&str; 5] = ["claude_code.", "codex.", "cursor.", "gemini_cli.", "gen_ai."];
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
    text.len() <= 96 && AGENTS.iter().any(|agent| text.strip_prefix(agent).is_some_and(is_name))
}
