//! Standard input that ends: an agent that forgets to close it does not wait for us.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// From the start to the end of the input.
const PATIENCE: Duration = Duration::from_secs(2);
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks on their way.
const CHUNKS: usize = 16;

/// A reader that is at its end when the one it was made from is, or when the patience is.
pub(super) struct Patient {
    chunks: Receiver<io::Result<Vec<u8>>>,
    current: io::Cursor<Vec<u8>>,
    deadline: Instant,
}

impl Patient {
    /// `input` is read on a thread of its own, which may outlive this reader.
    pub(super) fn new(input: impl Read + Send + 'static) -> Self {
        Self::with_patience(input, PATIENCE)
    }

    fn with_patience(mut input: impl Read + Send + 'static, patience: Duration) -> Self {
        let (sender, chunks) = sync_channel(CHUNKS);
        thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = match input.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(bytes) => {
                        chunk.truncate(bytes);
                        Ok(chunk)
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self { chunks, current: io::Cursor::default(), deadline: Instant::now() + patience }
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.current = io::Cursor::new(chunk?),
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests;
