//! Just enough gRPC over HTTP/2 for a load generator: one connection, one call at a time, no library.
//!
//! Headers go out as HPACK literals (RFC 7541, 6.2.2) and are not read back: an answer with a message is one that took the
//! request, an answer without is a refusal.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::http::{Answer, connect};

const METHOD: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Of a frame before the peer allows more, and of a window (RFC 9113, 6.5.2).
const FRAME_BYTES: usize = 16_384;
const FIRST_WINDOW: i64 = 65_535;
const LARGEST_WINDOW: u32 = (1 << 31) - 1;
const HEAD_BYTES: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection that is made when needed and made again after it broke.
pub(crate) struct Connection {
    address: SocketAddr,
    headers: Vec<u8>,
    open: Option<Open>,
}

struct Open {
    stream: TcpStream,
    /// Of the last call; odd.
    id: u32,
    /// What the server lets us send, on the connection, on this call, and on a new one.
    connection_window: i64,
    call_window: i64,
    first_window: i64,
    out: Vec<u8>,
}

struct Frame {
    kind: u8,
    flags: u8,
    id: u32,
    payload: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        let bearer = format!("Bearer {key}");
        let headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", METHOD),
            (":authority", "localhost"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("authorization", bearer.as_str()),
        ];
        let mut block = Vec::new();
        for (name, value) in headers {
            block.push(0);
            literal(name, &mut block);
            literal(value, &mut block);
        }
        Self { address, headers: block, open: None }
    }

    /// Sends one message and waits for its answer: 200 when it was taken, 503 for every refusal.
    pub(crate) fn exchange(&mut self, message: &[u8]) -> io::Result<Answer> {
        let mut open = self.open.take().map_or_else(|| Open::new(self.address), Ok)?;
        let answer = open.call(&self.headers, message)?;
        if !answer.closes {
            self.open = Some(open);
        }
        Ok(answer)
    }
}

impl Open {
    fn new(address: SocketAddr) -> io::Result<Self> {
        let mut open = Self {
            stream: connect(address)?,
            id: 0,
            connection_window: FIRST_WINDOW,
            call_window: 0,
            first_window: FIRST_WINDOW,
            out: PREFACE.to_vec(),
        };
        open.put(SETTINGS, 0, 0, &[]);
        // what answers take of our window is never given back piece by piece
        open.put(WINDOW_UPDATE, 0, 0, &(LARGEST_WINDOW - 65_535).to_be_bytes());
        Ok(open)
    }

    fn call(&mut self, headers: &[u8], message: &[u8]) -> io::Result<Answer> {
        self.id = if self.id == 0 { 1 } else { self.id + 2 };
        self.call_window = self.first_window;
        self.put(HEADERS, END_HEADERS, self.id, headers);
        let length = u32::try_from(message.len()).map_err(|_| ErrorKind::InvalidInput)?;
        let mut head = vec![0];
        head.extend_from_slice(&length.to_be_bytes());
        let mut parts = [&head[..], message].into_iter().flat_map(|part| part.chunks(FRAME_BYTES)).peekable();
        while let Some(part) = parts.next() {
            let size = i64::try_from(part.len()).unwrap_or(i64::MAX);
            while self.connection_window.min(self.call_window) < size {
                self.flush()?;
                let frame = self.next_frame()?;
                if frame.id == self.id && frame.kind == HEADERS {
                    // refused before all of it was sent
                    return Ok(Answer { status: 503, body_bytes: 0, closes: true });
                }
            }
            self.connection_window -= size;
            self.call_window -= size;
            self.put(DATA, if parts.peek().is_none() { END_STREAM } else { 0 }, self.id, part);
        }
        self.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let (mut data, mut closes) = (0, false);
        loop {
            let frame = self.next_frame()?;
            closes |= frame.kind == GO_AWAY;
            if frame.id != self.id {
                continue;
            }
            match frame.kind {
                DATA => data += frame.payload.len(),
                RESET => return Err(ErrorKind::ConnectionReset.into()),
                _ => {}
            }
            if matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0 {
                self.flush()?;
                let status = if data > 0 { 200 } else { 503 };
                // a message's head is no body, as an empty body of HTTP is none
                return Ok(Answer { status, body_bytes: data.saturating_sub(5), closes });
            }
        }
    }

    /// The next frame; what it says about windows and pings is seen to.
    fn next_frame(&mut self) -> io::Result<Frame> {
        let mut head = [0; HEAD_BYTES];
        self.stream.read_exact(&mut head)?;
        let [high, middle, low, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
        self.stream.read_exact(&mut payload)?;
        let frame = Frame { kind, flags, id: u32::from_be_bytes(id) & LARGEST_WINDOW, payload };
        match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => {
                self.settings(&frame.payload);
                self.put(SETTINGS, ACK, 0, &[]);
            }
            PING if frame.flags & ACK == 0 => self.put(PING, ACK, 0, &frame.payload),
            WINDOW_UPDATE => {
                let more = frame.payload.first_chunk().map_or(0, |more| i64::from(u32::from_be_bytes(*more)));
                if frame.id == 0 {
                    self.connection_window += more;
                } else if frame.id == self.id {
                    self.call_window += more;
                }
            }
            _ => {}
        }
        Ok(frame)
    }

    fn settings(&mut self, payload: &[u8]) {
        for entry in payload.chunks_exact(6) {
            let Some((name, value)) = entry.split_first_chunk() else { continue };
            let Some(value) = value.first_chunk() else { continue };
            if u16::from_be_bytes(*name) == INITIAL_WINDOW_SIZE {
                let window = i64::from(u32::from_be_bytes(*value));
                self.call_window += window - self.first_window;
                self.first_window = window;
            }
        }
    }

    fn put(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let [_, length @ ..] = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
        self.out.extend_from_slice(&length);
        self.out.extend_from_slice(&[kind, flags]);
        self.out.extend_from_slice(&id.to_be_bytes());
        self.out.extend_from_slice(payload);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

/// A text of HPACK that is not Huffman coded.
fn literal(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.len();
    if rest < 127 {
        out.push(u8::try_from(rest).unwrap_or(0));
    } else {
        out.push(127);
        rest -= 127;
        while rest >= 128 {
            out.push(u8::try_from(rest % 128).unwrap_or(0) | 128);
            rest /= 128;
        }
        out.push(u8::try_from(rest).unwrap_or(0));
    }
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests;
