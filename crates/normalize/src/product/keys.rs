//! Which field fills which column, in both generations of names and in OpenTelemetry's.

use record::dictionary::{Column, product_errors as errors, product_events as events};

use crate::keys::{Held, Key, KeyMap, PRODUCT_ERRORS, PRODUCT_EVENTS, held, text_to, to};

/// What differs between the two tables.
pub(super) struct Kind {
    /// Of an item as it stands in a request.
    pub(super) fields: &'static KeyMap,
    /// Of its data.
    pub(super) data: &'static KeyMap,
    /// Of its attributes, where it is an OpenTelemetry event.
    pub(super) attributes: &'static KeyMap,
    pub(super) person: &'static KeyMap,
    pub(super) id: Column,
    /// The sender's own id, where that has a column.
    pub(super) declared: Option<Column>,
    pub(super) received_at: Column,
    pub(super) arrival_id: Column,
    pub(super) signal: Option<Column>,
    /// Of an OpenTelemetry record's name; that of an error stays in `attributes`.
    pub(super) name: Option<Column>,
    pub(super) user_email: Column,
    pub(super) user_agent: Column,
    pub(super) data_column: Column,
    /// What is held as `{id, version}`, and the columns of both.
    pub(super) versions: &'static [(Held, Column, Column)],
}

pub(super) static EVENTS: Kind = Kind {
    fields: &EVENT_FIELDS,
    data: &EVENT_DATA,
    attributes: &EVENT_ATTRIBUTES,
    person: &EVENT_PERSON,
    id: events::EVENT_ID,
    declared: None,
    received_at: events::RECEIVED_AT,
    arrival_id: events::ARRIVAL_ID,
    signal: Some(events::SIGNAL),
    name: Some(events::EVENT_NAME),
    user_email: events::USER_EMAIL,
    user_agent: events::USER_AGENT,
    data_column: events::DATA,
    versions: &[(Held::Mod, events::MOD_ID, events::MOD_VERSION)],
};

pub(super) static ERRORS: Kind = Kind {
    fields: &ERROR_FIELDS,
    data: &ERROR_DATA,
    attributes: &ERROR_ATTRIBUTES,
    person: &ERROR_PERSON,
    id: errors::ERROR_ID,
    declared: Some(errors::UUID),
    received_at: errors::RECEIVED_AT,
    arrival_id: errors::ARRIVAL_ID,
    signal: None,
    name: None,
    user_email: errors::USER_EMAIL,
    user_agent: errors::USER_AGENT,
    data_column: errors::ERROR_DATA,
    versions: &[
        (Held::Mod, errors::MOD_ID, errors::MOD_VERSION),
        (Held::Brick, errors::BRICK_ID, errors::BRICK_VERSION),
        (Held::Service, errors::SERVICE_ID, errors::SERVICE_VERSION),
    ],
};

/// The columns that both tables have, by the names of their fields.
macro_rules! shared {
    ($table:ident) => {
        &[
            ("label", text_to($table::LABEL, 0)),
            ("modComponentLabel", text_to($table::LABEL, 1)),
            ("extensionLabel", text_to($table::LABEL, 2)),
            ("extension_label", text_to($table::LABEL, 3)),
            ("uid", text_to($table::UID, 0)),
            ("user_id", to($table::USER_ID, 0)),
            ("userId", to($table::USER_ID, 1)),
            ("user.id", to($table::USER_ID, 2)),
            ("enduser.id", to($table::USER_ID, 3)),
            ("user_email", text_to($table::USER_EMAIL, 1)),
            ("userEmail", text_to($table::USER_EMAIL, 2)),
            ("user.email", text_to($table::USER_EMAIL, 3)),
            ("modId", text_to($table::MOD_ID, 0)),
            ("mod_id", text_to($table::MOD_ID, 1)),
            ("mod.id", text_to($table::MOD_ID, 2)),
            ("blueprintId", text_to($table::MOD_ID, 3)),
            ("modVersion", text_to($table::MOD_VERSION, 0)),
            ("mod.version", text_to($table::MOD_VERSION, 1)),
            ("blueprintVersion", text_to($table::MOD_VERSION, 2)),
            ("modComponentId", text_to($table::MOD_COMPONENT_ID, 0)),
            ("mod_component_id", text_to($table::MOD_COMPONENT_ID, 1)),
            ("mod.component.id", text_to($table::MOD_COMPONENT_ID, 2)),
            ("extensionId", text_to($table::MOD_COMPONENT_ID, 3)),
            ("extension_uuid", text_to($table::MOD_COMPONENT_ID, 4)),
            ("deploymentId", text_to($table::DEPLOYMENT_ID, 0)),
            ("deployment_id", text_to($table::DEPLOYMENT_ID, 1)),
            ("mod.deployment.id", text_to($table::DEPLOYMENT_ID, 2)),
            ("deployment", text_to($table::DEPLOYMENT_ID, 3)),
            ("run_id", text_to($table::RUN_ID, 0)),
            ("runId", text_to($table::RUN_ID, 1)),
            ("session_id", text_to($table::SESSION_ID, 0)),
            ("sessionId", text_to($table::SESSION_ID, 1)),
            ("session.id", text_to($table::SESSION_ID, 2)),
            ("navigation_id", text_to($table::NAVIGATION_ID, 0)),
            ("navigationId", text_to($table::NAVIGATION_ID, 1)),
            ("url.full", text_to($table::URL, 1)),
            ("report_mode", text_to($table::REPORT_MODE, 0)),
            ("reportMode", text_to($table::REPORT_MODE, 1)),
            ("held_back", to($table::HELD_BACK, 0)),
            ("heldBack", to($table::HELD_BACK, 1)),
            ("sdk_version", text_to($table::SDK_VERSION, 0)),
            ("sdkVersion", text_to($table::SDK_VERSION, 1)),
            ("user_agent", text_to($table::USER_AGENT, 0)),
            ("userAgent", text_to($table::USER_AGENT, 1)),
            ("user_agent.original", text_to($table::USER_AGENT, 2)),
            ("mod", held(Held::Mod, 2)),
            ("mod_version", held(Held::Mod, 1)),
        ]
    };
}

const EVENT_SHARED: &[Key] = shared!(events);
const ERROR_SHARED: &[Key] = shared!(errors);

/// Of events, wherever they say it.
const EVENT_OWN: &[Key] = &[
    ("starterBrickId", text_to(events::STARTER_BRICK_ID, 0)),
    ("starter_brick_id", text_to(events::STARTER_BRICK_ID, 1)),
    ("extensionPointId", text_to(events::STARTER_BRICK_ID, 2)),
    ("is_frame", to(events::IS_FRAME, 0)),
    ("isFrame", to(events::IS_FRAME, 1)),
    ("version", text_to(events::CLIENT_VERSION, 0)),
    ("versionName", text_to(events::CLIENT_VERSION, 1)),
    ("url", text_to(events::URL, 0)),
];

/// Of errors, outside of their data.
const ERROR_OWN: &[Key] = &[
    ("class_name", text_to(errors::CLASS_NAME, 0)),
    ("exception.type", text_to(errors::CLASS_NAME, 1)),
    ("message", text_to(errors::MESSAGE, 0)),
    ("exception.message", text_to(errors::MESSAGE, 1)),
    ("is_application_error", to(errors::IS_APPLICATION_ERROR, 0)),
    ("organization", text_to(errors::ORGANIZATION, 0)),
    ("brickId", text_to(errors::BRICK_ID, 0)),
    ("brick_id", text_to(errors::BRICK_ID, 1)),
    ("blockId", text_to(errors::BRICK_ID, 2)),
    ("brickVersion", text_to(errors::BRICK_VERSION, 0)),
    ("blockVersion", text_to(errors::BRICK_VERSION, 1)),
    ("integrationId", text_to(errors::SERVICE_ID, 0)),
    ("serviceId", text_to(errors::SERVICE_ID, 1)),
    ("integrationVersion", text_to(errors::SERVICE_VERSION, 0)),
    ("serviceVersion", text_to(errors::SERVICE_VERSION, 1)),
    ("step_label", text_to(errors::STEP_LABEL, 0)),
    ("stepLabel", text_to(errors::STEP_LABEL, 1)),
    ("user_agent_extension_version", text_to(errors::CLIENT_VERSION, 0)),
    ("user_agent_extension_full_version", text_to(errors::CLIENT_FULL_VERSION, 0)),
    ("platform_name", text_to(errors::PLATFORM, 0)),
    ("platform", text_to(errors::PLATFORM, 1)),
    ("url", text_to(errors::URL, 0)),
    ("blueprint_version", held(Held::Mod, 0)),
    ("brick_version", held(Held::Brick, 0)),
    ("service_version", held(Held::Service, 0)),
];

const STACKS: &[Key] = &[
    ("stack", text_to(errors::STACK, 0)),
    ("exception.stacktrace", text_to(errors::STACK, 1)),
    ("request_url", text_to(errors::REQUEST_URL, 0)),
    ("requestUrl", text_to(errors::REQUEST_URL, 1)),
];

/// The item around the data.
const ENVELOPE: &[Key] = &[
    ("timestamp", held(Held::EventTimestamp, 0)),
    ("data", held(Held::Data, 0)),
    ("attributes", held(Held::Data, 1)),
    ("error_data", held(Held::Data, 2)),
    ("person", held(Held::Person, 0)),
];
const EVENT_ENVELOPE: &[Key] = &[
    ("event", text_to(events::EVENT_NAME, 0)),
    ("name", text_to(events::EVENT_NAME, 1)),
    ("id", held(Held::DeclaredId, 0)),
    ("email", text_to(events::USER_EMAIL, 0)),
];
const ERROR_ENVELOPE: &[Key] =
    &[("uuid", text_to(errors::UUID, 0)), ("id", held(Held::DeclaredId, 0)), ("email", text_to(errors::USER_EMAIL, 0))];
/// OpenTelemetry's names of what stands around an event elsewhere.
const OTEL: &[Key] = &[("event.name", held(Held::EventName, 0)), ("log.record.uid", held(Held::DeclaredId, 1))];

static EVENT_FIELDS: KeyMap = KeyMap::at(&PRODUCT_EVENTS, &[EVENT_ENVELOPE, ENVELOPE, EVENT_OWN, EVENT_SHARED]);
static EVENT_DATA: KeyMap = KeyMap::at(&PRODUCT_EVENTS, &[EVENT_OWN, EVENT_SHARED]);
static EVENT_ATTRIBUTES: KeyMap = KeyMap::at(&PRODUCT_EVENTS, &[OTEL, EVENT_OWN, EVENT_SHARED]);
static EVENT_PERSON: KeyMap =
    KeyMap::at(&PRODUCT_EVENTS, &[&[("email", text_to(events::USER_EMAIL, 0)), ("id", to(events::USER_ID, 0))]]);

static ERROR_FIELDS: KeyMap = KeyMap::at(&PRODUCT_ERRORS, &[ERROR_ENVELOPE, ENVELOPE, ERROR_OWN, ERROR_SHARED, STACKS]);
/// The `url` of an error's data is that of the request that failed.
static ERROR_DATA: KeyMap =
    KeyMap::at(&PRODUCT_ERRORS, &[STACKS, ERROR_SHARED, &[("url", text_to(errors::REQUEST_URL, 2))]]);
static ERROR_ATTRIBUTES: KeyMap = KeyMap::at(&PRODUCT_ERRORS, &[OTEL, ERROR_OWN, ERROR_SHARED, STACKS]);
static ERROR_PERSON: KeyMap =
    KeyMap::at(&PRODUCT_ERRORS, &[&[("email", text_to(errors::USER_EMAIL, 0)), ("id", to(errors::USER_ID, 0))]]);
