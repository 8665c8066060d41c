//! Writes fields forward in one pass. A message's length is not known before its content, so room is left for a length
//! of the likely size and the content moved by a byte or two where the guess was wrong.

/// Writes fields to the end of `out`.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    /// A message that is mostly below 128 bytes.
    #[inline]
    pub(crate) fn message(&mut self, number: u32, write: impl FnOnce(&mut Writer<'_>)) {
        self.length_delimited(number, 1, write);
    }

    /// A message that is mostly below 16 KiB.
    #[inline]
    pub(crate) fn medium(&mut self, number: u32, write: impl FnOnce(&mut Writer<'_>)) {
        self.length_delimited(number, 2, write);
    }

    /// A message that is mostly above that.
    #[inline]
    pub(crate) fn large(&mut self, number: u32, write: impl FnOnce(&mut Writer<'_>)) {
        self.length_delimited(number, 3, write);
    }

    /// Text, unless it is empty.
    #[inline]
    pub(crate) fn text(&mut self, number: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(number, text.as_bytes());
        }
    }

    #[inline]
    pub(crate) fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.key(number, 2);
        self.raw_varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn id<const N: usize>(&mut self, number: u32, id: Option<&[u8; N]>) {
        if let Some(id) = id {
            self.bytes(number, id);
        }
    }

    #[inline]
    pub(crate) fn varint(&mut self, number: u32, varint: u64) {
        self.key(number, 0);
        self.raw_varint(varint);
    }

    pub(crate) fn uint32(&mut self, number: u32, uint: u32) {
        if uint != 0 {
            self.varint(number, u64::from(uint));
        }
    }

    /// Negative numbers are extended to 64 bits, as the protobuf specification says.
    pub(crate) fn int32(&mut self, number: u32, int: i32) {
        if int != 0 {
            self.varint(number, i64::from(int).cast_unsigned());
        }
    }

    pub(crate) fn int64(&mut self, number: u32, int: i64) {
        if int != 0 {
            self.varint(number, int.cast_unsigned());
        }
    }

    /// Zigzag.
    pub(crate) fn sint32(&mut self, number: u32, int: i32) {
        self.uint32(number, ((int << 1) ^ (int >> 31)).cast_unsigned());
    }

    #[inline]
    pub(crate) fn fixed64(&mut self, number: u32, fixed: u64) {
        self.key(number, 1);
        self.out.extend_from_slice(&fixed.to_le_bytes());
    }

    pub(crate) fn nonzero_fixed64(&mut self, number: u32, fixed: u64) {
        if fixed != 0 {
            self.fixed64(number, fixed);
        }
    }

    pub(crate) fn nonzero_fixed32(&mut self, number: u32, fixed: u32) {
        if fixed != 0 {
            self.key(number, 5);
            self.out.extend_from_slice(&fixed.to_le_bytes());
        }
    }

    pub(crate) fn packed_fixed64(&mut self, number: u32, numbers: impl ExactSizeIterator<Item = u64>) {
        if numbers.len() > 0 {
            self.key(number, 2);
            self.raw_varint(8 * numbers.len() as u64);
            numbers.for_each(|number| self.out.extend_from_slice(&number.to_le_bytes()));
        }
    }

    pub(crate) fn packed_varints(&mut self, number: u32, numbers: &[u64]) {
        if !numbers.is_empty() {
            self.message(number, |writer| numbers.iter().for_each(|number| writer.raw_varint(*number)));
        }
    }

    #[inline]
    fn key(&mut self, number: u32, wire: u32) {
        self.raw_varint(u64::from(number << 3 | wire));
    }

    #[inline]
    fn raw_varint(&mut self, mut varint: u64) {
        while varint >= 0x80 {
            self.out.push((varint & 0x7F) as u8 | 0x80);
            varint >>= 7;
        }
        self.out.push((varint & 0x7F) as u8);
    }

    #[inline]
    fn length_delimited(&mut self, number: u32, guess: usize, write: impl FnOnce(&mut Writer<'_>)) {
        self.key(number, 2);
        let hole = self.out.len();
        self.out.extend_from_slice(&[0_u8; 3][..guess]);
        write(&mut Writer { out: self.out });
        let length = self.out.len() - hole - guess;
        let needed = varint_size(length);
        if needed != guess {
            self.shift(hole + guess, hole + needed);
        }
        let mut rest = length as u64;
        for byte in self.out.iter_mut().skip(hole).take(needed) {
            *byte = (rest & 0x7F) as u8 | 0x80;
            rest >>= 7;
        }
        if let Some(last) = self.out.get_mut(hole + needed - 1) {
            *last &= 0x7F;
        }
    }

    /// Moves everything from `from` on to `to`.
    #[cold]
    fn shift(&mut self, from: usize, to: usize) {
        let length = self.out.len() - from;
        if to > from {
            self.out.resize(to + length, 0);
        }
        self.out.copy_within(from..from + length, to);
        self.out.truncate(to + length);
    }
}

fn varint_size(number: usize) -> usize {
    let bits = (usize::BITS - number.leading_zeros()).max(1);
    bits.div_ceil(7) as usize
}
