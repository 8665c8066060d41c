//! The wire format: keys, varints, fixed numbers, lengths. Nothing here knows OTLP.

use std::borrow::Cow;

use crate::error::Fault;
use crate::limits::{Account, MAX_SKIP_DEPTH};

/// A message that reads one of its fields at a time.
pub(super) trait Message<'a>: Default {
    /// Reads the value that follows `key`, or skips it.
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault>;

    /// The whole message, where it has the one shape that is worth a short cut.
    #[inline]
    fn at_once(_bytes: &'a [u8]) -> Option<Self> {
        None
    }
}

/// Field number and wire type, as they stand on the wire. Whether they exist is looked at only where they are not what
/// was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u32);

impl Key {
    #[inline]
    pub(super) fn number(self) -> u32 {
        self.0 >> 3
    }

    #[inline]
    fn wire(self) -> u32 {
        self.0 & 7
    }
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const START_GROUP: u32 = 3;
const END_GROUP: u32 = 4;
const FIXED32: u32 = 5;

fn wire_name(wire: u32) -> &'static str {
    match wire {
        VARINT => "a varint",
        FIXED64 => "a 64-bit number",
        LENGTH => "a length",
        START_GROUP => "a group",
        END_GROUP => "the end of a group",
        FIXED32 => "a 32-bit number",
        _ => "a wire type that does not exist",
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
        while self.more() {
            let key = self.key()?;
            message.field(key, &mut self)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn more(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The next field's key.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Key, Fault> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(Key(u32::from(*byte)))
            }
            _ => self.long_key(),
        }
    }

    /// A repeated message: one more of `list`.
    #[inline]
    pub(super) fn push<M: Message<'a>>(&mut self, key: Key, name: &str, list: &mut Vec<M>) -> Result<(), Fault> {
        let inner = self.element(key, name, list)?;
        match M::at_once(inner.rest) {
            Some(item) => {
                list.push(item);
                Ok(())
            }
            None => inner.append(name, list, M::default(), Reader::merge),
        }
    }

    /// A repeated message: one more of `list`, `empty` at first and then read in place by `read`.
    pub(super) fn push_with<T>(
        &mut self,
        key: Key,
        name: &str,
        list: &mut Vec<T>,
        empty: T,
        read: impl FnOnce(Self, &mut T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.element(key, name, list)?.append(name, list, empty, read)
    }

    /// The next element of `list`, paid for and with room in it.
    #[inline]
    fn element<T>(&mut self, key: Key, name: &str, list: &mut Vec<T>) -> Result<Self, Fault> {
        let inner = self.inner(key).map_err(|fault| fault.index(list.len()).field(name))?;
        self.account.pay::<T>(inner.at())?;
        if list.capacity() == 0 {
            list.reserve_exact(self.account.affordable::<T>(self.siblings(key)) + 1);
        }
        Ok(inner)
    }

    #[inline]
    fn append<T>(
        self,
        name: &str,
        list: &mut Vec<T>,
        empty: T,
        read: impl FnOnce(Self, &mut T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let index = list.len();
        list.push(empty);
        match list.last_mut() {
            Some(item) => read(self, item).map_err(|fault| fault.index(index).field(name)),
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
        self.expect(key, LENGTH).and_then(|()| self.length_delimited()).map_err(|fault| fault.field(name))
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
        self.expect(key, VARINT).and_then(|()| self.varint()).map_err(|fault| fault.field(name))
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
        self.expect(key, FIXED64).and_then(|()| self.take()).map(u64::from_le_bytes).map_err(|fault| fault.field(name))
    }

    #[inline]
    pub(super) fn fixed32(&mut self, key: Key, name: &str) -> Result<u32, Fault> {
        self.expect(key, FIXED32).and_then(|()| self.take()).map(u32::from_le_bytes).map_err(|fault| fault.field(name))
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
        if key.wire() != LENGTH {
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
        if key.wire() != LENGTH {
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
            if key.number() == 0 {
                return Err(Fault::new(self.at(), "field number 0 does not exist"));
            }
            match key.wire() {
                VARINT => drop(self.varint()?),
                FIXED64 => drop(self.take::<8>()?),
                FIXED32 => drop(self.take::<4>()?),
                LENGTH => drop(self.length_delimited()?),
                START_GROUP if open.len() >= MAX_SKIP_DEPTH => {
                    return Err(Fault::new(self.at(), format!("groups nest deeper than {MAX_SKIP_DEPTH}")));
                }
                START_GROUP => open.push(key.number()),
                END_GROUP if open.pop() == Some(key.number()) => {}
                END_GROUP => return Err(Fault::new(self.at(), "a group ends that did not begin")),
                wire => return Err(Fault::new(self.at(), format!("wire type {wire} does not exist"))),
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

    fn long_key(&mut self) -> Result<Key, Fault> {
        let at = self.at();
        match u32::try_from(self.varint()?) {
            Ok(key) => Ok(Key(key)),
            Err(_) => Err(Fault::new(at, "a field number over 2^29")),
        }
    }

    #[inline]
    fn expect(&self, key: Key, wire: u32) -> Result<(), Fault> {
        if key.wire() == wire { Ok(()) } else { Err(self.unexpected(key, wire)) }
    }

    #[cold]
    fn unexpected(&self, key: Key, wire: u32) -> Fault {
        Fault::new(self.at(), format!("expected {}, found {}", wire_name(wire), wire_name(key.wire())))
    }

    #[cold]
    fn cut_off(&self, at: usize, wanted: u64) -> Fault {
        Fault::new(at, format!("cut off: {wanted} bytes wanted, {} left", self.rest.len()))
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
            None => Err(self.cut_off(self.at(), N as u64)),
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
            None => Err(self.cut_off(at, length)),
        }
    }

    #[inline]
    fn inner(&mut self, key: Key) -> Result<Self, Fault> {
        self.expect(key, LENGTH)?;
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
