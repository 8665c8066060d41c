//! `modlake hook send`: the one process that takes the spool to the server. Hooks start it; it ends when nothing has come for
//! [`LINGER`], or when sending has failed for [`PATIENCE`] and the next hook may as well try again later.
//!
//! | answer | what happens |
//! |---|---|
//! | 2xx | the segments are deleted |
//! | 400, 413, 422 | the batch is halved until the records that the server refuses are alone; they are set aside. When the server takes not one record of a batch the server may be the wrong one: all wait, as below |
//! | 401, 403, no key, wrong configuration | told in the status; the next try is after [`DENIED_WAIT`], or as soon as the configuration file changes |
//! | 429, 503 with `Retry-After` | that long |
//! | everything else, no answer | [`Pace`] |

mod batch;
mod pace;

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use record::secret::Secret;
use record::time::Clock;

use crate::agents::Agent;
use crate::client::{Client, Delivery};
use crate::config::{self, Environment, Settings, no_key};
use crate::error::CliError;
use crate::exit::Exit;
use crate::spool::Spool;
use crate::spool::status::{LONGEST_WAIT, Status};
use batch::{Batch, Sent};
use pace::Pace;

/// How long the sender waits for more.
const LINGER: Duration = Duration::from_mins(2);
/// How long it stays while nothing can be sent.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often it looks into the spool.
const POLL: Duration = Duration::from_millis(400);
const DENIED_WAIT: Duration = Duration::from_mins(10);
/// A record that is alone in the spool goes aside after so many refusals by a server that took others before.
const REFUSALS: u32 = 3;
/// One request, from connecting to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends until there is nothing to do, or nothing to be done. Another sender at work is fine.
pub(crate) fn run(server: Option<&str>, environment: &Environment) -> Result<Exit, CliError> {
    #[cfg(unix)]
    crate::inherited::close();
    let Some(spool) = Spool::of(environment) else {
        return Err(CliError::new(Exit::Config, "there is no home folder, so no ~/.modlake/spool").hint("set HOME"));
    };
    let failed = |error: std::io::Error| {
        CliError::new(Exit::Failed, format!("cannot use the spool {}: {error}", spool.folder().display()))
    };
    while let Some(lock) = spool.lock_sending().map_err(failed)? {
        spool.sweep().map_err(failed)?;
        let mut sender = Sender::new(&spool, server, environment);
        let ended = sender.work().map_err(failed)?;
        drop(lock);
        // A hook that spooled a moment ago saw the lock taken, and has started nobody.
        if ended == Ended::Failing || spool.state().map_err(failed)?.records == 0 {
            break;
        }
    }
    Ok(Exit::Ok)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Idle,
    Failing,
}

struct Sender<'s> {
    spool: &'s Spool,
    server: Option<&'s str>,
    environment: &'s Environment,
    clock: Clock,
    status: Status,
    /// With what it was made from: the configuration may change while the sender runs.
    client: Option<(Client, String, Secret)>,
}

/// Why nothing more can be sent now.
struct Halt {
    error: CliError,
    /// How long to wait; the pace says when the server does not.
    wait: Option<Duration>,
    /// Trying again by itself is of no use.
    is_final: bool,
}

impl<'s> Sender<'s> {
    fn new(spool: &'s Spool, server: Option<&'s str>, environment: &'s Environment) -> Self {
        Self { spool, server, environment, clock: Clock::System, status: Status::load(spool), client: None }
    }

    fn work(&mut self) -> std::io::Result<Ended> {
        let mut last_record = Instant::now();
        let mut failing_since = None;
        let mut pace = Pace::new(self.status.failures);
        loop {
            if !self.spool.folder().exists() {
                return Ok(Ended::Failing);
            }
            self.spool.seal()?;
            let Some(batch) = Batch::next(self.spool, self.status.failures)? else {
                if last_record.elapsed() >= LINGER {
                    return Ok(Ended::Idle);
                }
                thread::sleep(POLL);
                continue;
            };
            last_record = Instant::now();
            let Err(halt) = self.send(&batch)? else {
                failing_since = None;
                pace = Pace::new(0);
                continue;
            };
            let wait = halt.wait.unwrap_or_else(|| pace.wait()).min(LONGEST_WAIT);
            pace.failed();
            let now = self.clock.now();
            let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
            self.status.failed(now, &halt.error, now.plus_micros(micros));
            self.status.save(self.spool)?;
            let since = *failing_since.get_or_insert_with(Instant::now);
            if halt.is_final || since.elapsed() + wait > PATIENCE {
                return Ok(Ended::Failing);
            }
            self.sleep(wait);
        }
    }

    /// Sends one batch, and leaves in the spool what did not get through.
    fn send(&mut self, batch: &Batch) -> std::io::Result<Result<(), Halt>> {
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => return Ok(Err(Halt { error, wait: Some(DENIED_WAIT), is_final: true })),
        };
        let route = route(batch.agent);
        let mut sent = batch::send(&batch.records, |records| client.deliver(&route, &batch::body(records), TIMEOUT));
        let is_proven = self.status.last_success.is_some() && self.status.failures >= REFUSALS;
        if is_proven && batch.records.len() == 1 && matches!(sent.halt, Some(Delivery::Refused(_))) {
            sent = Sent { refused: sent.left, ..Sent::default() };
        }
        let Sent { taken, refused, left, halt } = sent;
        for record in &refused {
            self.spool.set_aside(batch.agent, record)?;
        }
        batch.settle(&left)?;
        self.status.torn += batch.torn;
        if taken > 0 {
            self.status.succeeded(self.clock.now(), taken);
        } else if halt.is_none() {
            self.status.settled();
        }
        self.status.save(self.spool)?;
        Ok(match halt {
            None => Ok(()),
            Some(Delivery::Later { error, after }) => Err(Halt { error, wait: after, is_final: false }),
            Some(Delivery::Denied(error)) => Err(Halt { error, wait: Some(DENIED_WAIT), is_final: true }),
            Some(Delivery::Refused(error)) => Err(Halt { error, wait: None, is_final: false }),
            Some(Delivery::Taken) => Ok(()),
        })
    }

    fn client(&mut self) -> Result<&Client, CliError> {
        let settings = Settings::load(self.server, self.environment)?;
        let key = settings.required_key()?.clone();
        let is_known = |(_, server, known): &(Client, String, Secret)| *server == settings.server && *known == key;
        if !self.client.as_ref().is_some_and(is_known) {
            self.client = Some((Client::new(&settings), settings.server, key));
        }
        self.client.as_ref().map(|(client, ..)| client).ok_or_else(no_key)
    }

    /// Until `wait` is over, the configuration changes or the spool is gone.
    fn sleep(&self, wait: Duration) {
        let start = Instant::now();
        let before = self.configured();
        while start.elapsed() < wait && before == self.configured() && self.spool.folder().exists() {
            thread::sleep(POLL.min(wait.saturating_sub(start.elapsed())));
        }
    }

    fn configured(&self) -> Option<SystemTime> {
        config::path(self.environment).ok().and_then(|path| fs::metadata(path).ok()?.modified().ok())
    }
}

fn route(agent: Agent) -> String {
    format!("/v1/otel/{}/hooks", agent.as_str())
}
