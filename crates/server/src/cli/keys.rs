//! `modlaked keys create | list | revoke`.

use anyhow::{Result, anyhow};
use catalog::{Catalog, KeyInfo, NewKey};
use clap::ArgMatches;
use record::caller::{Scopes, Tenant};
use record::time::Clock;
use serde_json::json;

use super::print;
use crate::config::Config;

pub(super) fn create(config: &Config, matches: &ArgMatches) -> Result<()> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let tenant = Tenant::new(text("tenant").unwrap_or_default())?;
    let scopes = Scopes::parse(text("scope").unwrap_or_default())
        .map_err(|word| anyhow!("unknown scope `{word}`: one of ingest, read, admin"))?;
    let origins = matches.get_many::<String>("origin").into_iter().flatten().cloned().collect();
    let new = NewKey { tenant, scopes, name: text("name").map(str::to_owned), origins };
    with_catalog(config, async |catalog| {
        let created = catalog.create_key(new).await?;
        print::data(created.key.reveal());
        print::note(&format!("key {} made; it is shown this once and kept as a hash only", created.id));
        Ok(())
    })
}

pub(super) fn list(config: &Config, matches: &ArgMatches) -> Result<()> {
    let tenant = matches.get_one::<String>("tenant").map(|tenant| Tenant::new(tenant)).transpose()?;
    let as_json = matches.get_flag("json");
    with_catalog(config, async |catalog| {
        let keys = catalog.list_keys(tenant.as_ref()).await?;
        if as_json {
            let keys: Vec<_> = keys.iter().map(to_json).collect();
            print::data(&serde_json::to_string_pretty(&keys)?);
        } else {
            print::data(&format!("{:<16}{:<20}{:<20}{:<28}{:<12}name", "id", "tenant", "scopes", "created", "state"));
            for key in keys {
                let state = if key.revoked_at.is_some() { "revoked" } else { "in force" };
                let (scopes, created) = (key.scopes.to_string(), key.created_at.to_rfc3339());
                let name = key.name.unwrap_or_default();
                print::data(&format!(
                    "{:<16}{:<20}{scopes:<20}{created:<28}{state:<12}{name}",
                    key.id,
                    key.tenant.as_str()
                ));
            }
        }
        Ok(())
    })
}

fn to_json(key: &KeyInfo) -> serde_json::Value {
    json!({
        "id": key.id,
        "tenant": key.tenant.as_str(),
        "name": key.name,
        "scopes": key.scopes.to_string(),
        "origins": key.origins,
        "created_at": key.created_at.to_rfc3339(),
        "revoked_at": key.revoked_at.map(record::time::Timestamp::to_rfc3339),
    })
}

pub(super) fn revoke(config: &Config, matches: &ArgMatches) -> Result<()> {
    let id = matches.get_one::<String>("id").map(String::as_str).unwrap_or_default();
    with_catalog(config, async |catalog| {
        catalog.revoke_key(id).await?;
        print::note(&format!("key {id} is revoked"));
        Ok(())
    })
}

fn with_catalog(config: &Config, run: impl AsyncFnOnce(Catalog) -> Result<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if config.catalog.server.is_none() {
            super::make_private(&config.data_dir)?;
        }
        run(Catalog::open(&config.catalog(), Clock::default()).await?).await
    })
}
