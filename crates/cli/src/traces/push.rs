//! From the queue to the destination: everything that was not sent, once.
//!
//! One process sends at a time ([`super::lease`]). Whoever comes while it does says so and goes; the sender looks again
//! before it ends. A file is sent when it has settled: not changed for [`QUIET`], or the same at two looks [`LOOK`] apart
//! and ending with a line. One that grows later is sent again, under the same key.
//!
//! A run ends when nothing is left, after [`Limits::total`], when the destination denies us, or when [`FAILURES`] files in a
//! row could not be sent. What is left goes the next time.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use record::time::{Clock, Timestamp};
use sanitize::Sanitizer;

use crate::error::CliError;
use crate::exit::Exit;
use crate::traces::destination::{Connection, Delivery, Parcel, Target};
use crate::traces::document::{self, Document, Unfit};
use crate::traces::lease::{self, Lease};
use crate::traces::ledger::{Entry, Ledger, State};
use crate::traces::queue::{self, Stamp, TraceFile, Wanted};
use crate::traces::told::{Status, Teller};

const QUIET: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(60);
/// Looks at files that change; then they wait for the next time.
const LOOKS: usize = 60;
const FAILURES: usize = 2;
/// What a file that goes off late has, beyond the time of the whole.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a run may take; a file that is on its way then has [`LEAST_PATIENCE`] at most.
    pub(crate) total: Duration,
    /// How long another sender is waited for.
    pub(crate) patience: Duration,
}

pub(crate) struct Job<'j> {
    /// Of modlake.
    pub(crate) folder: &'j Path,
    /// Of `mod`.
    pub(crate) queue: &'j Path,
    pub(crate) limits: Limits,
    pub(crate) delete_sent: bool,
    /// Files that were refused in an earlier run are tried once more.
    pub(crate) retries_refused: bool,
    pub(crate) teller: Teller,
    /// A failure is told by the next `modlake exec`.
    pub(crate) failures_are_news: bool,
}

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Names of objects.
    pub(crate) sent: Vec<String>,
    /// What the destination, or we, will never take, and why.
    pub(crate) refused: Vec<(String, String)>,
    pub(crate) deleted: u64,
    /// Files that wait for the next time.
    pub(crate) left: u64,
    pub(crate) error: Option<CliError>,
    /// Another process is sending.
    pub(crate) is_busy: bool,
}

/// Sends what there is.
pub(crate) fn run(job: &Job<'_>, target: &Target) -> Result<Outcome, CliError> {
    let unusable = |error: io::Error| {
        CliError::new(Exit::Config, format!("cannot use {}: {error}", job.folder.display()))
            .hint("make room, or make the folder yours again")
    };
    lease::announce(job.folder).map_err(unusable)?;
    let mut run = Run::new(job, target);
    loop {
        let Some(lease) = Lease::take(job.folder, job.limits.patience).map_err(unusable)? else {
            run.outcome.is_busy = true;
            return Ok(run.outcome);
        };
        let sent = run.all(&lease);
        let noted = run.note();
        drop(lease);
        sent.and(noted).map_err(unusable)?;
        // Who came a moment ago saw the lease taken, and has gone.
        if run.is_over() || !lease::is_announced(job.folder) {
            return Ok(run.outcome);
        }
    }
}

struct Run<'r> {
    job: &'r Job<'r>,
    target: &'r Target,
    identity: String,
    place: String,
    /// Made when the first file needs it.
    connection: Option<Connection>,
    sanitizer: Sanitizer,
    started: Instant,
    outcome: Outcome,
    /// Files in a row that could not be sent.
    failures: usize,
    denied: bool,
    last_failure: Option<(String, CliError)>,
    /// Files that this run was refused.
    refused: HashSet<PathBuf>,
    /// Files that the status counts already.
    noted: u64,
    /// When the newest file that was seen was changed.
    newest: Option<i64>,
}

/// What became of one file.
enum Step {
    /// It is dealt with.
    Done,
    /// It waits for the next look.
    Changing,
    /// It waits for the next time.
    Left,
}

impl<'r> Run<'r> {
    fn new(job: &'r Job<'r>, target: &'r Target) -> Self {
        Self {
            job,
            target,
            identity: target.identity(),
            place: target.place(),
            connection: None,
            sanitizer: document::sanitizer(),
            started: Instant::now(),
            outcome: Outcome::default(),
            failures: 0,
            denied: false,
            last_failure: None,
            refused: HashSet::new(),
            noted: 0,
            newest: None,
        }
    }

    fn is_over(&self) -> bool {
        self.denied || self.failures >= FAILURES || self.started.elapsed() >= self.job.limits.total
    }

    /// Looks and sends until nothing is left, or nothing more can be done.
    fn all(&mut self, lease: &Lease) -> io::Result<()> {
        let mut ledger = Ledger::load(self.job.folder)?;
        let mut seen: HashMap<PathBuf, Stamp> = HashMap::new();
        let mut given_up: HashSet<PathBuf> = HashSet::new();
        for _ in 0..LOOKS {
            lease::take_announcement(self.job.folder);
            let found = queue::find(self.job.queue, Wanted::default());
            self.newest = self.newest.max(found.files.iter().map(|file| file.stamp.modified).max());
            let (known, pending): (Vec<_>, Vec<_>) =
                found.files.into_iter().partition(|file| self.is_known(&ledger, file));
            for file in known.iter().filter(|_| self.job.delete_sent) {
                self.delete(&ledger, file);
            }
            let pending: Vec<_> = pending.into_iter().filter(|file| !given_up.contains(&file.path)).collect();
            let mut changing = 0;
            for (at, file) in pending.iter().enumerate() {
                if self.is_over() || lease.is_lost() {
                    self.outcome.left = (pending.len() - at + given_up.len()) as u64 + changing + found.locked;
                    return ledger.tidy(Clock::System.now());
                }
                let is_settled = is_quiet(file.stamp)
                    || (seen.insert(file.path.clone(), file.stamp) == Some(file.stamp) && ends_a_line(&file.path));
                match if is_settled { self.one(&mut ledger, file)? } else { Step::Changing } {
                    Step::Done => {}
                    Step::Changing => changing += 1,
                    Step::Left => drop(given_up.insert(file.path.clone())),
                }
            }
            self.outcome.left = given_up.len() as u64 + changing + found.locked;
            if changing == 0 && !lease::is_announced(self.job.folder) {
                break;
            }
            thread::sleep(LOOK);
        }
        ledger.tidy(Clock::System.now())
    }

    /// Whether the ledger settles it as it is.
    fn is_known(&self, ledger: &Ledger, file: &TraceFile) -> bool {
        let entry = ledger.of_path(&self.identity, &file.path);
        entry.is_some_and(|entry| self.is_settled(entry) && entry.is_of(file.stamp))
    }

    fn is_settled(&self, entry: &Entry) -> bool {
        match entry.state {
            State::Sending => false,
            State::Sent => true,
            State::Refused => !self.job.retries_refused || self.refused.contains(&entry.path),
        }
    }

    fn one(&mut self, ledger: &mut Ledger, file: &TraceFile) -> io::Result<Step> {
        let document = match Document::read(file, &self.sanitizer) {
            Ok(document) => document,
            Err(Unfit::Changing) => return Ok(Step::Changing),
            Err(Unfit::Unreadable(error)) => {
                let error = CliError::new(Exit::Config, format!("cannot read {}: {error}", file.path.display()));
                self.failed(&name(file.id.as_deref().unwrap_or("trace")), error);
                return Ok(Step::Left);
            }
            Err(Unfit::NoTrace(reason)) => {
                let id = file.id.clone().unwrap_or_else(|| "trace".to_owned());
                self.refused(file, &name(&id), &reason);
                let entry = self.entry(file, &id, "", "", State::Refused);
                ledger.add(Entry { reason: Some(reason), ..entry })?;
                return Ok(Step::Done);
            }
        };
        let before = ledger.of_path(&self.identity, &file.path).cloned();
        let same = before.as_ref().filter(|known| known.sha256 == document.sha256);
        if let Some(known) = same.filter(|known| self.is_settled(known)) {
            // Touched, and nothing else.
            let stamp = document.stamp;
            ledger.add(Entry { bytes: stamp.bytes, modified: stamp.modified, ..known.clone() })?;
            return Ok(Step::Done);
        }
        self.send(ledger, file, &document, before)
    }

    fn send(
        &mut self,
        ledger: &mut Ledger,
        file: &TraceFile,
        document: &Document,
        before: Option<Entry>,
    ) -> io::Result<Step> {
        let own = file.id.as_deref().unwrap_or(&document.id);
        let is_same =
            |known: &Entry| known.id == own || known.id.strip_prefix(own).is_some_and(|rest| rest.starts_with('.'));
        let before = before.filter(|known| is_same(known) && known.state != State::Refused);
        let other = ledger.of_id(&self.identity, &file.kind, own).filter(|other| other.path != file.path).cloned();
        if let Some(other) =
            other.as_ref().filter(|other| other.state == State::Sent && other.sha256 == document.sha256)
        {
            // The same file in another place.
            ledger.add(self.entry_of(file, document, &other.id, &other.key, State::Sent, true))?;
            return Ok(Step::Done);
        }
        let id = match (&before, other) {
            (Some(known), _) => known.id.clone(),
            (None, Some(_)) => format!("{own}.{}", document.sha256.get(..12).unwrap_or_default()),
            (None, None) => own.to_owned(),
        };
        let key = before.as_ref().map_or_else(|| self.target.key(&file.kind, &id, document), |known| known.key.clone());
        let is_ours = before.as_ref().is_some_and(|known| known.is_ours);
        // Before anything leaves: a full disk must not make us send for ever what we cannot remember.
        ledger.add(self.entry_of(file, document, &id, &key, State::Sending, is_ours))?;
        let name = name(&id);
        self.job.teller.uploading(&name, &self.place);
        let patience = self.job.limits.total.saturating_sub(self.started.elapsed()).max(LEAST_PATIENCE);
        let parcel = Parcel {
            kind: &file.kind,
            sha256: &document.sha256,
            document,
            key: &key,
            before: before.as_ref(),
            patience,
        };
        let delivery = match self.connection() {
            Ok(connection) => connection.send(&parcel),
            Err(error) => Delivery::Denied(error),
        };
        match delivery {
            Delivery::Taken { key } => {
                ledger.add(self.entry_of(file, document, &id, &key, State::Sent, true))?;
                self.job.teller.uploaded(&name);
                self.failures = 0;
                self.outcome.sent.push(name);
                if self.job.delete_sent {
                    self.delete(ledger, file);
                }
                Ok(Step::Done)
            }
            Delivery::Refused(error) => {
                let entry = self.entry_of(file, document, &id, &key, State::Refused, is_ours);
                ledger.add(Entry { reason: Some(error.message.clone()), ..entry })?;
                self.refused(file, &name, &error.message);
                Ok(Step::Done)
            }
            Delivery::Denied(error) => {
                self.denied = true;
                self.failed(&name, error);
                Ok(Step::Left)
            }
            Delivery::Later(error) => {
                self.failures += 1;
                self.failed(&name, error);
                Ok(Step::Left)
            }
        }
    }

    fn connection(&mut self) -> Result<&Connection, CliError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.target.connect()?,
        };
        Ok(self.connection.insert(connection))
    }

    fn failed(&mut self, name: &str, error: CliError) {
        self.job.teller.failed(name, &error.message);
        self.last_failure = Some((name.to_owned(), error));
    }

    fn refused(&mut self, file: &TraceFile, name: &str, reason: &str) {
        self.job.teller.failed(name, reason);
        self.refused.insert(file.path.clone());
        self.outcome.refused.push((name.to_owned(), reason.to_owned()));
        self.last_failure = Some((name.to_owned(), CliError::new(Exit::Refused, reason)));
    }

    /// Deletes a file that was sent as it is, and the folder of its id when that is empty then.
    fn delete(&mut self, ledger: &Ledger, file: &TraceFile) {
        let is_sent = ledger
            .of_path(&self.identity, &file.path)
            .zip(fs::metadata(&file.path).ok())
            .is_some_and(|(entry, metadata)| entry.state == State::Sent && entry.is_of(Stamp::of(&metadata)));
        if is_sent && fs::remove_file(&file.path).is_ok() {
            self.outcome.deleted += 1;
            let folder = file
                .path
                .parent()
                .filter(|folder| folder.file_name().and_then(|name| name.to_str()) == file.id.as_deref());
            if let Some(folder) = folder {
                // Fails while it holds anything.
                fs::remove_dir(folder).ok();
            }
        }
    }

    fn entry(&self, file: &TraceFile, id: &str, key: &str, sha256: &str, state: State) -> Entry {
        Entry {
            destination: self.identity.clone(),
            kind: file.kind.clone(),
            id: id.to_owned(),
            path: file.path.clone(),
            bytes: file.stamp.bytes,
            modified: file.stamp.modified,
            sha256: sha256.to_owned(),
            key: key.to_owned(),
            is_ours: false,
            state,
            at: Clock::System.now().to_rfc3339(),
            reason: None,
        }
    }

    fn entry_of(
        &self,
        file: &TraceFile,
        document: &Document,
        id: &str,
        key: &str,
        state: State,
        is_ours: bool,
    ) -> Entry {
        let Stamp { bytes, modified } = document.stamp;
        Entry { bytes, modified, is_ours, ..self.entry(file, id, key, &document.sha256, state) }
    }

    /// Writes the status.
    fn note(&mut self) -> io::Result<()> {
        let now = Clock::System.now();
        let mut status = Status::load(self.job.folder);
        let sent = self.outcome.sent.len() as u64 - std::mem::replace(&mut self.noted, self.outcome.sent.len() as u64);
        status.last_run = Some(now.to_rfc3339());
        status.left = self.outcome.left;
        status.newest = status.newest.max(self.newest);
        if sent > 0 {
            status.sent += sent;
            status.last_success = Some(now.to_rfc3339());
        }
        match &self.last_failure {
            Some((name, error)) => status.failed(now, name, error, self.job.failures_are_news),
            None if status.left == 0 || sent > 0 => status.trouble = None,
            None => {}
        }
        self.outcome.error = self.last_failure.as_ref().map(|(_, error)| error.clone());
        status.save(self.job.folder)
    }
}

/// The name of an object, as people are told it.
fn name(id: &str) -> String {
    format!("{id}.csv")
}

/// Not changed for a while, as far as this machine's clock and that of the file system agree.
fn is_quiet(stamp: Stamp) -> bool {
    let modified = Timestamp(stamp.modified).plus_micros(i64::try_from(QUIET.as_micros()).unwrap_or(i64::MAX));
    modified < Clock::System.now()
}

fn ends_a_line(path: &Path) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)
    });
    read.is_ok() && last == [b'\n']
}
