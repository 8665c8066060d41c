//! Undoes a body's compression, never beyond a limit.
//!
//! | encoding | format | after the end of the stream |
//! |---|---|---|
//! | gzip | RFC 1952, one member or several | anything but a further member is broken (2.2) |
//! | deflate | RFC 1950 (zlib), or RFC 1951 without a frame | anything is broken |
//! | zstd | RFC 8878, one frame or several, windows to 8 MiB (RFC 9659) | anything but a further frame is broken |
//!
//! The buffer grows with what really comes out, so that neither a claimed size nor a bomb takes memory beyond the
//! limit.

use std::borrow::Cow;
use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};

use crate::content::ContentEncoding;

/// A body that could not be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnzipError {
    /// Answered with 413.
    #[error("the body is larger than {limit} bytes after decompression; send smaller batches")]
    TooLarge { limit: usize },
    /// Answered with 400.
    #[error("the {encoding} body is broken: {reason}")]
    Broken { encoding: ContentEncoding, reason: String },
}

/// The body without its compression, at most `limit` bytes of it.
pub fn unzip(body: &[u8], encoding: ContentEncoding, limit: usize) -> Result<Cow<'_, [u8]>, UnzipError> {
    match encoding {
        ContentEncoding::Identity if body.len() > limit => Err(UnzipError::TooLarge { limit }),
        ContentEncoding::Identity => Ok(Cow::Borrowed(body)),
        ContentEncoding::Gzip => gunzip(body, limit).map(Cow::Owned),
        ContentEncoding::Deflate => inflate(body, limit).map(Cow::Owned),
        ContentEncoding::Zstd => unzstd(body, limit).map(Cow::Owned),
    }
}

fn gunzip(body: &[u8], limit: usize) -> Result<Vec<u8>, UnzipError> {
    // the last four bytes claim the size of the last member; mostly it is the only one
    let claimed = body.last_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let mut decoder = flate2::bufread::MultiGzDecoder::new(body);
    fill(Sink::new(body, claimed, limit), ContentEncoding::Gzip, |room| decoder.read(room))
}

fn unzstd(body: &[u8], limit: usize) -> Result<Vec<u8>, UnzipError> {
    let broken = |error: std::io::Error| broken(ContentEncoding::Zstd, &error.to_string());
    if body.is_empty() {
        return Err(UnzipError::Broken { encoding: ContentEncoding::Zstd, reason: "it is empty".to_owned() });
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(broken)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(broken)?;
    fill(Sink::new(body, 4 * body.len(), limit), ContentEncoding::Zstd, |room| decoder.read(room))
}

const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Reads until nothing more comes.
fn fill(
    mut sink: Sink,
    encoding: ContentEncoding,
    mut read: impl FnMut(&mut [u8]) -> std::io::Result<usize>,
) -> Result<Vec<u8>, UnzipError> {
    loop {
        match read(sink.room()?) {
            Ok(0) => return sink.finish(),
            Ok(count) => sink.filled += count,
            Err(error) => return Err(broken(encoding, &error.to_string())),
        }
    }
}

/// flate2's readers take a deflate stream that breaks off for one that ends, so this asks the engine itself.
fn inflate(body: &[u8], limit: usize) -> Result<Vec<u8>, UnzipError> {
    let broken = |reason: &str| broken(ContentEncoding::Deflate, reason);
    let mut engine = Decompress::new(looks_like_zlib(body));
    let mut sink = Sink::new(body, 4 * body.len(), limit);
    loop {
        let consumed = usize::try_from(engine.total_in()).unwrap_or(usize::MAX);
        let rest = body.get(consumed..).unwrap_or_default();
        let before = engine.total_out();
        let status =
            engine.decompress(rest, sink.room()?, FlushDecompress::None).map_err(|error| broken(&error.to_string()))?;
        let produced = engine.total_out() - before;
        sink.filled += usize::try_from(produced).unwrap_or_default();
        match status {
            Status::StreamEnd if engine.total_in() == body.len() as u64 => return sink.finish(),
            Status::StreamEnd => return Err(broken("bytes follow its end")),
            Status::Ok | Status::BufError if produced == 0 && rest.is_empty() => return Err(broken("it is cut off")),
            Status::BufError if produced == 0 => return Err(broken("it does not go on")),
            Status::Ok | Status::BufError => {}
        }
    }
}

/// RFC 1950, 2.2: compression method 8, a window to 32 KiB, and a check that the first two bytes make a multiple of 31.
fn looks_like_zlib(body: &[u8]) -> bool {
    match body {
        [method, flags, ..] => {
            method & 0x0F == 8 && method >> 4 <= 7 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => true,
    }
}

fn broken(encoding: ContentEncoding, reason: &str) -> UnzipError {
    UnzipError::Broken { encoding, reason: reason.to_owned() }
}

/// A buffer that grows to `limit` and one byte: the byte tells a body of the limit from a larger one.
struct Sink {
    buffer: Vec<u8>,
    filled: usize,
    limit: usize,
}

impl Sink {
    /// `claimed`: the size to expect. It is believed as far as deflate can go: 1,032 bytes out of one.
    fn new(body: &[u8], claimed: usize, limit: usize) -> Self {
        let expected = claimed.clamp(SMALLEST, SMALLEST.max(body.len().saturating_mul(1032)));
        let size = expected.saturating_add(1).min(limit.saturating_add(1));
        Self { buffer: vec![0; size], filled: 0, limit }
    }

    /// Where the next bytes go: never empty.
    fn room(&mut self) -> Result<&mut [u8], UnzipError> {
        self.check()?;
        if self.filled == self.buffer.len() {
            let size = self.buffer.len().saturating_mul(2).min(self.limit.saturating_add(1));
            self.buffer.reserve_exact(size - self.buffer.len());
            self.buffer.resize(size, 0);
        }
        Ok(self.buffer.get_mut(self.filled..).unwrap_or_default())
    }

    fn finish(mut self) -> Result<Vec<u8>, UnzipError> {
        self.check()?;
        self.buffer.truncate(self.filled);
        Ok(self.buffer)
    }

    fn check(&self) -> Result<(), UnzipError> {
        if self.filled > self.limit { Err(UnzipError::TooLarge { limit: self.limit }) } else { Ok(()) }
    }
}

const SMALLEST: usize = 4096;

#[cfg(test)]
mod tests;
