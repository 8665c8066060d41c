//! modlaked: `PUT /v1/cli/traces/{type}/{command-id}.csv`, which knows a file that comes again.

use super::{Delivery, Parcel, TIMEOUT};
use crate::client::{self, Client};
use crate::config::Settings;
use crate::error::CliError;

pub(crate) struct Modlaked {
    settings: Settings,
}

impl std::fmt::Debug for Modlaked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Modlaked").field("server", &self.settings.server).finish_non_exhaustive()
    }
}

pub(crate) fn route(kind: &str, id: &str) -> String {
    format!("/v1/cli/traces/{kind}/{id}.csv")
}

impl Modlaked {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(crate) fn identity(&self) -> String {
        self.settings.server.clone()
    }

    pub(crate) fn open(&self) -> Open {
        Open { client: Client::with_timeout(&self.settings, TIMEOUT), server: self.settings.server.clone() }
    }
}

pub(crate) struct Open {
    client: Client,
    server: String,
}

impl Open {
    pub(crate) fn send(&self, parcel: &Parcel<'_>) -> Delivery {
        let route = format!("{}?source=cli", parcel.key);
        match self.client.put_csv(&route, &parcel.document.clean, parcel.timeout()) {
            client::Delivery::Taken => Delivery::Taken { key: parcel.key.to_owned() },
            client::Delivery::Refused(error) => Delivery::Refused(error),
            client::Delivery::Denied(error) => Delivery::Denied(error),
            client::Delivery::Later { error, .. } => Delivery::Later(error),
        }
    }

    pub(crate) fn check(&self) -> Result<String, CliError> {
        self.client.get("/api/v1/me")?;
        Ok(format!("{} takes the key", self.server))
    }
}
