//! The two headers that say how a body is written.

use std::fmt;

/// The encoding of an OTLP message, in the request and, the same, in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentType {
    Protobuf,
    Json,
}

impl ContentType {
    /// Reads a `Content-Type` header: case and parameters (`; charset=utf-8`) do not matter. `None` is a 415.
    pub fn parse(header: &str) -> Option<Self> {
        let essence = header.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        if is("application/x-protobuf") || is("application/protobuf") {
            Some(Self::Protobuf)
        } else if is("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// The header of the answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentEncoding {
    Identity,
    Gzip,
    /// zlib, as RFC 9110 (8.4.1.2) says; without zlib's frame is accepted too, because some clients send that.
    Deflate,
    Zstd,
}

/// A `Content-Encoding` that is not spoken here: a 415.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported content encoding; supported are identity, gzip, deflate and zstd, one at a time")]
pub struct UnsupportedEncoding;

impl ContentEncoding {
    /// Reads a `Content-Encoding` header. Empty means identity, `x-gzip` means gzip (RFC 9110, 8.4.1.3), identity in a
    /// list counts for nothing, and two encodings on top of each other are not supported.
    pub fn parse(header: &str) -> Result<Self, UnsupportedEncoding> {
        let mut encoding = Self::Identity;
        for name in header.split(',').map(str::trim) {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            let next = match name {
                _ if is("") || is("identity") => continue,
                _ if is("gzip") || is("x-gzip") => Self::Gzip,
                _ if is("deflate") => Self::Deflate,
                _ if is("zstd") => Self::Zstd,
                _ => return Err(UnsupportedEncoding),
            };
            if encoding != Self::Identity {
                return Err(UnsupportedEncoding);
            }
            encoding = next;
        }
        Ok(encoding)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ContentEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
