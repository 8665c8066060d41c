//! `modlaked serve`: starts the parts in order, and stops them in the opposite one.
//!
//! Stopping: take no new connections and answer the requests under way → close the journal (what waits is synced and answered)
//! → the drain commits what the journal holds → the end. A kill between any two of these loses nothing that was acknowledged.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use catalog::{Catalog, CatalogError, NewKey};
use journal::Journal;
use journal::disk::RealDisk;
use lake::root::Root;
use lake::{Lake, Options};
use query::Engine;
use query::prices::Prices;
use record::caller::{Scopes, Tenant};
use record::secret::Secret;
use record::time::Clock;
use sanitize::Sessions;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::print;
use crate::asset_files::AssetFiles;
use crate::catalog_rows::InCatalog;
use crate::config::Config;
use crate::flow::drain::{self, Stop};
use crate::flow::traces::Deliveries;
use crate::grpc;
use crate::house::{self, House};
use crate::http::databases::jobs;
use crate::http::deployments::ReportJobs;
use crate::http::{self, listen};
use crate::observe::{self, Metrics};
use crate::records::Records;
use crate::retention;
use crate::throttle::Throttle;
use crate::work;

pub(super) fn run(config: Config) -> Result<()> {
    observe::start_log(&config.log)?;
    let intake = threads("http", STACK)?;
    let draining = threads("drain", STACK)?;
    let querying = threads("query", DEEP_STACK)?;
    let queries = querying.handle().clone();
    let outcome = intake.block_on(serve(config, &draining, queries));
    querying.shutdown_background();
    outcome
}

const STACK: usize = 2 << 20;
/// Planners walk a query's tree by recursion; a stack takes memory only as far as it is used.
const DEEP_STACK: usize = 64 << 20;

/// Threads of their own for intake, drain and queries: a heavy query or a large commit does not hold up an answer.
fn threads(name: &'static str, stack: usize) -> Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Ok(Builder::new_multi_thread()
        .worker_threads(cores)
        .thread_name(name)
        .thread_stack_size(stack)
        .enable_all()
        .build()?)
}

async fn serve(config: Config, draining: &Runtime, queries: Handle) -> Result<()> {
    let house = open(config, queries).await?;
    let first_key = ensure_key(&house).await?;
    jobs::recover(&house).await;
    tokio::task::block_in_place(|| house.asset_files.recover());
    let listener = bind(house.config.http, "http", "choose another").await?;
    let address = listener.local_addr()?;
    let grpc = match house.config.grpc {
        Some(address) => Some(bind(address, "grpc", "choose another, or `off`").await?),
        None => None,
    };
    let grpc_address = grpc.as_ref().map(TcpListener::local_addr).transpose()?;
    let stop = Stop::default();
    let drain = draining.spawn(drain::run(Arc::clone(&house), stop.clone()));
    let refresh = tokio::spawn(work::refresh_catalog(Arc::clone(&house)));
    let throttle = tokio::spawn(work::refresh_throttle(Arc::clone(&house)));
    let watch = tokio::spawn(work::watch_pressure(Arc::clone(&house)));
    let (end, ended) = watch::channel(());
    let expiring = draining.spawn(retention::run(Arc::clone(&house), ended.clone()));
    let forget = tokio::spawn(work::forget_writes(Arc::clone(&house)));
    tracing::info!(%address, grpc = grpc_address.map(tracing::field::display), data_dir = %house.config.data_dir.display(), "modlaked is ready");
    print::note(&format!("modlake is running on http://{address}"));
    if let Some(address) = grpc_address {
        print::note(&format!("OTLP over gRPC goes to http://{address}"));
    }
    if let Some(key) = first_key {
        print::note("first key of tenant `default` (all scopes), shown this once:");
        print::data(key.reveal());
    }
    tokio::join!(
        listen::serve(listener, http::router(&house), house.config.intake.head_timeout, ended.clone()),
        serve_grpc(grpc, &house, ended),
        async {
            asked_to_end().await;
            tracing::info!("stopping");
            end.send_replace(());
        }
    );
    refresh.abort();
    throttle.abort();
    watch.abort();
    expiring.await.context("the look for what is kept no longer ended early")?;
    forget.abort();
    tokio::task::block_in_place(|| house.journal.close());
    stop.stop();
    drain.await.context("the drain ended early")?;
    tracing::info!("modlaked has stopped");
    Ok(())
}

async fn bind(address: SocketAddr, setting: &str, otherwise: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    let variable = setting.to_uppercase();
    listener.with_context(|| {
        format!("cannot listen on {address}, the setting `{setting}` (--{setting}, MODLAKE_{variable}): {otherwise}")
    })
}

async fn serve_grpc(listener: Option<TcpListener>, house: &Arc<House>, ended: watch::Receiver<()>) {
    if let Some(listener) = listener {
        let idle = house.config.intake.head_timeout;
        grpc::listen::serve(listener, grpc::router(house), idle, ended).await;
    }
}

/// Opens what is on disk. The journal comes first: its lock keeps a second server off the folder.
async fn open(config: Config, queries: Handle) -> Result<Arc<House>> {
    let clock = Clock::default();
    let folder = config.data_dir.clone();
    super::make_private(&folder)?;
    let journal_dir = folder.join("journal");
    let options = journal::Options {
        max_bytes: config.journal.max_bytes,
        segment_bytes: config.journal.segment_bytes,
        max_age_micros: config.journal.max_age.and_then(|age| i64::try_from(age.as_micros()).ok()),
        ..journal::Options::new(&journal_dir)
    };
    let (journal, recovery) = Journal::open(options, clock.clone(), Arc::new(RealDisk))?;
    report(&recovery);
    let catalog = Catalog::open(&config.catalog(), clock.clone()).await?;
    let options = Options {
        root: Root::folder(&super::lake_folder(&config))?,
        app_id: journal_id(&journal_dir)?,
        dedupe_window: config.lake.dedupe_window,
        clock: clock.clone(),
    };
    let lake = Lake::open(options).await?;
    // a journal that lost its newest records must not give their numbers again: the tables would take them for known
    let known = lake.replay_until();
    if recovery.last_sequence < known {
        tracing::error!(
            journal = recovery.last_sequence,
            tables = known,
            "the journal lost records that were committed; its numbers go on behind them"
        );
        journal.release(known)?;
    }
    if recovery.cut_tail.is_some() || !recovery.damaged.is_empty() || recovery.last_sequence < known {
        let lost = catalog.forget_traces(lake.app_id(), known.max(recovery.last_sequence)).await?;
        if lost > 0 {
            tracing::error!(lost, "trace files that the journal lost are no longer known; they can be sent again");
        }
    }
    let records = Arc::new(Records::of(catalog.clone()));
    let mut engine = Engine::start(lake.clone(), config.query.clone(), queries)?
        .with_records(records)
        .with_catalog(Arc::new(InCatalog(catalog.clone())));
    if let Some(file) = &config.prices_file {
        engine = engine.with_prices(Prices::load(file)?)?;
    }
    let sanitizer = config.sanitizer()?;
    let sessions = Sessions::new(config.redaction.known_values);
    let metrics = Metrics::new()?;
    let in_flight = house::room_for_bodies(&config);
    let deliveries = Deliveries::default();
    let asset_files = AssetFiles::new(&config.data_dir, config.databases.max_uploads);
    let throttle = Throttle::new(config.throttle.clone());
    throttle.heed(catalog.throttles().await?);
    Ok(Arc::new(House {
        config,
        clock,
        catalog,
        sanitizer,
        sessions,
        journal,
        lake,
        engine,
        metrics,
        in_flight,
        deliveries,
        asset_files,
        report_jobs: ReportJobs::default(),
        throttle,
    }))
}

fn report(recovery: &journal::Recovery) {
    if recovery.records > 0 {
        tracing::info!(records = recovery.records, "journal is replayed");
    }
    if let Some(bytes) = recovery.cut_tail {
        tracing::warn!(bytes, "journal ended in a torn write, which was cut");
    }
    for damage in &recovery.damaged {
        tracing::error!(
            file = %damage.file.display(),
            offset = damage.offset,
            bytes = damage.bytes,
            set_aside_as = ?damage.set_aside_as,
            "journal is damaged here; the rest is kept"
        );
    }
}

/// A journal that is begun anew counts from 1 again: its id, which names the tables' transactions, must be new too. So the
/// id lies in the journal's folder and goes with it.
fn journal_id(folder: &Path) -> Result<String> {
    let path = folder.join("id");
    match std::fs::read_to_string(&path) {
        Ok(id) => Ok(id.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let id = format!("modlake-journal-{}", uuid::Uuid::now_v7());
            let written = std::fs::File::create_new(&path).and_then(|mut file| {
                std::io::Write::write_all(&mut file, id.as_bytes())?;
                file.sync_all()?;
                std::fs::File::open(folder)?.sync_all()
            });
            written.with_context(|| format!("cannot write {}", path.display()))?;
            Ok(id)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The first key, when there is none yet. A key from the settings is not shown again.
async fn ensure_key(house: &House) -> Result<Option<Secret>> {
    if !house.catalog.is_empty().await? {
        return Ok(None);
    }
    let new = NewKey {
        tenant: Tenant::new("default")?,
        scopes: Scopes::ALL,
        name: Some("first key".to_owned()),
        origins: Vec::new(),
    };
    if let Some(key) = &house.config.bootstrap_key {
        return match house.catalog.import_key(key, new).await {
            // another server on the same catalog was faster
            Ok(_) | Err(CatalogError::KeyExists(_)) => Ok(None),
            Err(error) => Err(error).context("MODLAKE_BOOTSTRAP_KEY"),
        };
    }
    Ok(Some(house.catalog.create_key(new).await?.key))
}

async fn asked_to_end() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(error) => {
                tracing::error!(%error, "SIGTERM is not heard");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminated => {}
        _interrupted = tokio::signal::ctrl_c() => {}
    }
}
