//! The wire format: keys, varints, fixed numbers, lengths. Nothing here knows OTLP.

use std::borrow::Cow;

use crate::error::Fault;
use crate::limits::{Account, MAX_SKIP_DEPTH};

/// A message that reads one of its fields at a time.
pub(super) trait Message<'a>: Default {
    /// Reads the value that follows `key`, or skips it.
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) number: u32,
    wire: Wire,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Varint,
    Fixed64,
    Length,
    StartGroup,
    EndGroup,
    Fixed32,
}

impl Wire {
    fn name(self) -> &'static str {
        match self {
            Self::Varint => "a varint",
            Self::Fixed64 => "a 64-bit number",
            Self::Length => "a length",
            Self::StartGroup => "a group",
            Self::EndGroup => "the end of a group",
            Self::Fixed32 => "a 32-bit number",
        }
    }
}

/// What is left of one message.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a, 'c> {
    rest: &'a [u8],
    account: &'c Account,
}

impl<'a, 'c> Reader<'a, 'c> {
    pub(super) fn new(bytes: &'a [u8], account: &'c Account) -> Self {
        Self { rest: bytes, account }
    }

    /// Reads all that is left into `message`.
    #[inline]
    pub(super) fn merge<M: Message<'a>>(mut self, message: &mut M) -> Result<(), Fault> {
        while let Some(key) = self.next()? {
            message.field(key, &mut self)?;
        }
        Ok(())
    }

    /// The next field's key, if there is a next field.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Key>, Fault> {
        if self.rest.is_empty() { Ok(None) } else { self.key().map(Some) }
    }

    /// A repeated message: one more of `list`.
    #[inline]
    pub(super) fn push<M: Message<'a>>(&mut self, key: Key, name: &str, list: &mut Vec<M>) -> Result<(), Fault> {
        self.push_with(key, name, list, M::default(), Reader::merge)
    }

    /// A repeated message: one more of `list`, `empty` at first and then read in place by `read`.
    #[inline]
    pub(super) fn push_with<T>(
        &mut self,
        key: Key,
        name: &str,
        list: &mut Vec<T>,
        empty: T,
        read: impl FnOnce(Self, &mut T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let index = list.len();
        let inner = self.inner(key).map_err(|fault| fault.index(index).field(name))?;
        self.account.pay::<T>(inner.at())?;
        if list.capacity() == 0 {
            list.reserve_exact(self.account.affordable::<T>(self.siblings(key)) + 1);
        }
        list.push(empty);
        match list.last_mut() {
            Some(item) => read(inner, item).map_err(|fault| fault.index(index).field(name)),
            None => Ok(()),
        }
    }

    /// A singular message: merged into what came before.
    #[inline]
    pub(super) fn message<M: Message<'a>>(&mut self, key: Key, name: &str, message: &mut M) -> Result<(), Fault> {
        self.inner(key).and_then(|inner| inner.merge(message)).map_err(|fault| fault.field(name))
    }

    /// A message inside a value, where messages may nest without end.
    pub(super) fn nested<M: Message<'a>>(&mut self, key: Key, name: &str, message: &mut M) -> Result<(), Fault> {
        let inner = self.inner(key).map_err(|fault| fault.field(name))?;
        self.account.deeper(inner.at(), || inner.merge(message)).map_err(|fault| fault.field(name))
    }

    #[inline]
    pub(super) fn text(&mut self, key: Key, name: &str) -> Result<Cow<'a, str>, Fault> {
        let bytes = self.bytes(key, name)?;
        match str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => Err(Fault::new(bytes.as_ptr().addr() + error.valid_up_to(), "text is not UTF-8").field(name)),
        }
    }

    #[inline]
    pub(super) fn bytes(&mut self, key: Key, name: &str) -> Result<&'a [u8], Fault> {
        self.expect(key, Wire::Length).and_then(|()| self.length_delimited()).map_err(|fault| fault.field(name))
    }

    /// An id of `N` bytes; empty and all-zero mean none.
    #[inline]
    pub(super) fn id<const N: usize>(&mut self, key: Key, name: &str) -> Result<Option<[u8; N]>, Fault> {
        let at = self.at();
        let bytes = self.bytes(key, name)?;
        match <[u8; N]>::try_from(bytes) {
            Ok(id) => Ok((id != [0; N]).then_some(id)),
            Err(_) if bytes.is_empty() => Ok(None),
            Err(_) => {
                let reason = format!("an id must have 0 or {N} bytes, not {}", bytes.len());
                Err(Fault::new(at, reason).field(name))
            }
        }
    }

    #[inline]
    pub(super) fn uint64(&mut self, key: Key, name: &str) -> Result<u64, Fault> {
        self.expect(key, Wire::Varint).and_then(|()| self.varint()).map_err(|fault| fault.field(name))
    }

    #[inline]
    pub(super) fn int64(&mut self, key: Key, name: &str) -> Result<i64, Fault> {
        self.uint64(key, name).map(u64::cast_signed)
    }

    /// Surplus high bits are cut off, as the protobuf specification says.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    pub(super) fn uint32(&mut self, key: Key, name: &str) -> Result<u32, Fault> {
        self.uint64(key, name).map(|varint| varint as u32)
    }

    #[inline]
    pub(super) fn int32(&mut self, key: Key, name: &str) -> Result<i32, Fault> {
        self.uint32(key, name).map(u32::cast_signed)
    }

    /// Zigzag.
    #[inline]
    pub(super) fn sint32(&mut self, key: Key, name: &str) -> Result<i32, Fault> {
        self.uint32(key, name).map(|zigzag| (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    #[inline]
    pub(super) fn bool(&mut self, key: Key, name: &str) -> Result<bool, Fault> {
        self.uint64(key, name).map(|varint| varint != 0)
    }

    #[inline]
    pub(super) fn fixed64(&mut self, key: Key, name: &str) -> Result<u64, Fault> {
        self.expect(key, Wire::Fixed64)
            .and_then(|()| self.take())
            .map(u64::from_le_bytes)
            .map_err(|fault| fault.field(name))
    }

    #[inline]
    pub(super) fn fixed32(&mut self, key: Key, name: &str) -> Result<u32, Fault> {
        self.expect(key, Wire::Fixed32)
            .and_then(|()| self.take())
            .map(u32::from_le_bytes)
            .map_err(|fault| fault.field(name))
    }

    #[inline]
    pub(super) fn double(&mut self, key: Key, name: &str) -> Result<f64, Fault> {
        self.fixed64(key, name).map(f64::from_bits)
    }

    /// Repeated `fixed64` or `double`, packed or not.
    pub(super) fn push_fixed64<T>(
        &mut self,
        key: Key,
        name: &str,
        list: &mut Vec<T>,
        convert: impl Fn(u64) -> T,
    ) -> Result<(), Fault> {
        if key.wire != Wire::Length {
            list.push(convert(self.fixed64(key, name)?));
            return self.account.pay::<T>(self.at());
        }
        let at = self.at();
        let (numbers, surplus) = self.bytes(key, name)?.as_chunks::<8>();
        if !surplus.is_empty() {
            return Err(Fault::new(at, "packed 64-bit numbers do not fill their length").field(name));
        }
        list.reserve_exact(self.account.affordable::<T>(numbers.len()));
        for number in numbers {
            self.account.pay::<T>(at)?;
            list.push(convert(u64::from_le_bytes(*number)));
        }
        Ok(())
    }

    /// Repeated `uint64`, packed or not.
    pub(super) fn push_varint(&mut self, key: Key, name: &str, list: &mut Vec<u64>) -> Result<(), Fault> {
        if key.wire != Wire::Length {
            list.push(self.uint64(key, name)?);
            return self.account.pay::<u64>(self.at());
        }
        let mut packed = self.inner(key).map_err(|fault| fault.field(name))?;
        while !packed.rest.is_empty() {
            self.account.pay::<u64>(packed.at())?;
            list.push(packed.varint().map_err(|fault| fault.field(name))?);
        }
        Ok(())
    }

    /// Passes over the value of a field that the protocol does not know.
    #[cold]
    pub(super) fn skip(&mut self, key: Key) -> Result<(), Fault> {
        let mut open: Vec<u32> = Vec::new();
        let mut key = key;
        loop {
            match key.wire {
                Wire::Varint => drop(self.varint()?),
                Wire::Fixed64 => drop(self.take::<8>()?),
                Wire::Fixed32 => drop(self.take::<4>()?),
                Wire::Length => drop(self.length_delimited()?),
                Wire::StartGroup if open.len() >= MAX_SKIP_DEPTH => {
                    return Err(Fault::new(self.at(), format!("groups nest deeper than {MAX_SKIP_DEPTH}")));
                }
                Wire::StartGroup => open.push(key.number),
                Wire::EndGroup if open.pop() == Some(key.number) => {}
                Wire::EndGroup => return Err(Fault::new(self.at(), "a group ends that did not begin")),
            }
            if open.is_empty() {
                return Ok(());
            }
            key = self.key()?;
        }
    }

    /// Where this reader stands, as an address.
    #[inline]
    fn at(&self) -> usize {
        self.rest.as_ptr().addr()
    }

    #[inline]
    fn key(&mut self) -> Result<Key, Fault> {
        let at = self.at();
        let varint = match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                u32::from(*byte)
            }
            _ => u32::try_from(self.varint()?).map_err(|_| Fault::new(at, "a field number over 2^29"))?,
        };
        let wire = match varint & 7 {
            0 => Wire::Varint,
            1 => Wire::Fixed64,
            2 => Wire::Length,
            3 => Wire::StartGroup,
            4 => Wire::EndGroup,
            5 => Wire::Fixed32,
            wire => return Err(Fault::new(at, format!("wire type {wire} does not exist"))),
        };
        match varint >> 3 {
            0 => Err(Fault::new(at, "field number 0 does not exist")),
            number => Ok(Key { number, wire }),
        }
    }

    #[inline]
    fn expect(&self, key: Key, wire: Wire) -> Result<(), Fault> {
        if key.wire == wire {
            return Ok(());
        }
        let reason = format!("expected {}, found {}", wire.name(), key.wire.name());
        Err(Fault::new(self.at(), reason))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Fault> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            [low, high, rest @ ..] if *high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*low & 0x7F) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0_u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7F) << (7 * at);
            if *byte < 0x80 {
                if at == 9 && *byte > 1 {
                    break;
                }
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        let reason = if self.rest.len() < 10 { "cut off inside a varint" } else { "a varint over 64 bits" };
        Err(Fault::new(self.at(), reason))
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(Fault::new(self.at(), format!("cut off: {N} bytes wanted, {} left", self.rest.len()))),
        }
    }

    #[inline]
    fn length_delimited(&mut self) -> Result<&'a [u8], Fault> {
        let at = self.at();
        let length = self.varint()?;
        match usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(Fault::new(at, format!("cut off: a length of {length}, {} bytes left", self.rest.len()))),
        }
    }

    #[inline]
    fn inner(&mut self, key: Key) -> Result<Self, Fault> {
        self.expect(key, Wire::Length)?;
        Ok(Self { rest: self.length_delimited()?, account: self.account })
    }

    /// How many more fields of the same key follow at once: they will be elements of the same list.
    #[inline]
    fn siblings(&self, key: Key) -> usize {
        let mut ahead = *self;
        let mut count = 0;
        while !ahead.rest.is_empty() && ahead.key().is_ok_and(|next| next == key) && ahead.length_delimited().is_ok() {
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests;
