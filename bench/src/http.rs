//! Just enough HTTP/1.1 for a load generator: one keep-alive connection, answers with a length or in chunks.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

/// Where requests go. Never another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
}

const DEFAULT_PATH: &str = "/v1/otel/claude/logs";
const TIMEOUT: Duration = Duration::from_mins(1);

impl Target {
    /// `http://127.0.0.1:4318`, with the intake's path behind it where it is not Claude Code's logs.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let Some(rest) = url.strip_prefix("http://") else { bail!("`{url}` does not begin with http://") };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.rsplit_once(':').with_context(|| format!("`{url}` names no port"))?;
        let port: u16 = port.parse().with_context(|| format!("`{port}` is not a port"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let ip = if host == "localhost" { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { host.parse::<IpAddr>() };
        let ip = ip.with_context(|| format!("`{host}` is not an address"))?;
        if !ip.is_loopback() {
            bail!("{ip} is not this machine: the load generator sends to loopback addresses only");
        }
        let path = if path.is_empty() { DEFAULT_PATH.to_owned() } else { format!("/{path}") };
        Ok(Self { address: SocketAddr::new(ip, port), path })
    }
}

/// An answer; its body is only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body_bytes: usize,
    pub(crate) closes: bool,
}

/// A connection that is made when needed and made again after it broke.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(4096) }
    }

    /// Sends one whole request and waits for its answer.
    pub(crate) fn exchange(&mut self, head: &[u8], body: &[u8]) -> io::Result<Answer> {
        let mut stream = self.stream.take().map_or_else(|| connect(self.address), Ok)?;
        let written = stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)])?;
        stream.write_all(head.get(written..).unwrap_or_default())?;
        stream.write_all(body.get(written.saturating_sub(head.len())..).unwrap_or_default())?;
        let answer = read_answer(&mut stream, &mut self.buffer)?;
        if !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// Head of a request whose body has `length` bytes.
pub(crate) fn head(target: &Target, key: &str, length: usize) -> Vec<u8> {
    let Target { address, path } = target;
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/x-protobuf\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

fn read_answer(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Answer> {
    buffer.clear();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        buffer.extend_from_slice(piece.get(..count).unwrap_or_default());
        if let Some(answer) = parse_answer(buffer)? {
            return Ok(answer);
        }
    }
}

/// The answer, once `bytes` hold all of it.
fn parse_answer(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = bytes.split_at(end);
    let body = rest.get(4..).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| bad("the answer's head is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| bad("the answer has no status"))?;
    let (mut length, mut chunked, mut closes) = (0, false, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().map_err(|_| bad("the answer's length is not a number"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let body_bytes = if chunked { chunked_length(body)? } else { (body.len() >= length).then_some(length) };
    Ok(body_bytes.map(|body_bytes| Answer { status, body_bytes, closes }))
}

/// Bytes within the chunks, once the last chunk is there.
fn chunked_length(mut body: &[u8]) -> io::Result<Option<usize>> {
    let mut total = 0;
    loop {
        let Some(end) = body.windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let size = body.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let size = size.and_then(|line| usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16).ok());
        let size = size.ok_or_else(|| bad("a chunk of the answer has no size"))?;
        let Some(rest) = size.checked_add(end + 4).and_then(|next| body.get(next..)) else { return Ok(None) };
        if size == 0 {
            return Ok(Some(total));
        }
        total += size;
        body = rest;
    }
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
