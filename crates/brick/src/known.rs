//! The bricks that the SDK runs: what they take and what they give.

/// A brick with an implementation in `web/sdk/src/brick/bricks`.
pub(crate) struct Brick {
    pub(crate) id: &'static str,
    pub(crate) inputs: &'static [Input],
    pub(crate) output: Output,
}

pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) required: bool,
}

pub(crate) enum Takes {
    Anything,
    /// A text; not an empty one where it is required.
    Text,
    Mapping,
    Switch,
    Pipeline,
    OneOf(&'static [&'static str]),
}

pub(crate) enum Output {
    /// The brick acts and gives nothing.
    Nothing,
    /// A mapping with these fields.
    Fields(&'static [&'static str]),
    /// What it is depends on its inputs.
    Something,
    /// Of the last brick of its `body`, or `{}` at once when it does not wait for it.
    OfBody,
}

pub(crate) const RUN: &str = "@pixiebrix/run";

const fn required(name: &'static str, takes: Takes) -> Input {
    Input { name, takes, required: true }
}

const fn optional(name: &'static str, takes: Takes) -> Input {
    Input { name, takes, required: false }
}

pub(crate) const BRICKS: &[Brick] = &[
    Brick {
        id: RUN,
        inputs: &[required("body", Takes::Pipeline), optional("async", Takes::Switch)],
        output: Output::OfBody,
    },
    Brick { id: "@pixiebrix/timestamp", inputs: &[], output: Output::Fields(&["timestamp", "epochMillis"]) },
    Brick {
        id: "@pixiebrix/document-context",
        inputs: &[],
        output: Output::Fields(&["url", "title", "timestamp", "isFrame"]),
    },
    Brick {
        id: "@pixiebrix/profile",
        inputs: &[],
        output: Output::Fields(&["user", "email", "groups", "organizations"]),
    },
    Brick {
        id: "@pixiebrix/session",
        inputs: &[],
        output: Output::Fields(&[
            "sessionId",
            "navigationId",
            "sessionTimestamp",
            "navigationTimestamp",
            "user",
            "email",
        ]),
    },
    Brick {
        id: "@pixiebrix/reflect/run-metadata",
        inputs: &[],
        output: Output::Fields(&["modComponentId", "runId", "mod", "deploymentId"]),
    },
    Brick {
        id: "@pixiebrix/data/put",
        inputs: &[
            optional("service", Takes::Anything),
            required("databaseId", Takes::Text),
            required("key", Takes::Text),
            required("value", Takes::Mapping),
            optional("mergeStrategy", Takes::OneOf(&["replace", "deep", "deep_append", "shallow", ""])),
        ],
        output: Output::Something,
    },
    Brick {
        id: "@pixiebrix/data/get",
        inputs: &[
            optional("service", Takes::Anything),
            required("databaseId", Takes::Text),
            required("key", Takes::Text),
            optional("missingKey", Takes::OneOf(&["error", "blank"])),
        ],
        output: Output::Something,
    },
    Brick {
        id: "@pixiebrix/telemetry",
        inputs: &[required("eventName", Takes::Text), optional("data", Takes::Mapping)],
        output: Output::Nothing,
    },
];

pub(crate) fn find(id: &str) -> Option<&'static Brick> {
    BRICKS.iter().find(|brick| brick.id == id)
}
