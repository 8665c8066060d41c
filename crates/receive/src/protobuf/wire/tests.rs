use super::*;
use crate::limits::TREE_FLOOR;

/// Field 1: texts, field 2: packed or single varints, field 3: packed or single fixed numbers, field 4: zigzag.
#[derive(Debug, Default, PartialEq)]
struct Sample<'a> {
    texts: Vec<Cow<'a, str>>,
    varints: Vec<u64>,
    fixed: Vec<u64>,
    zigzag: i32,
}

impl<'a> Message<'a> for Sample<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.texts.push(reader.text(key, "texts")?),
            2 => reader.push_varint(key, "varints", &mut self.varints)?,
            3 => reader.push_fixed64(key, "fixed", &mut self.fixed, |number| number)?,
            4 => self.zigzag = reader.sint32(key, "zigzag")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<Sample<'_>, String> {
    let account = Account::of(bytes);
    let mut sample = Sample::default();
    let base = bytes.as_ptr().addr();
    Reader::new(bytes, &account).merge(&mut sample).map_err(|fault| fault.into_error(base).to_string())?;
    Ok(sample)
}

#[test]
fn numbers_packed_and_single_may_mix() {
    let packed = read(b"\x12\x04\x01\xAC\x02\x03\x10\x05\x12\x00").unwrap();
    assert_eq!(packed.varints, [1, 300, 3, 5]);
    let fixed = read(b"\x1A\x10\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x19\x03\0\0\0\0\0\0\0").unwrap();
    assert_eq!(fixed.fixed, [1, 2, 3]);
    assert!(read(b"\x1A\x07\0\0\0\0\0\0\0").unwrap_err().contains("do not fill their length"));
    assert!(read(b"\x12\x01\x80").unwrap_err().contains("cut off inside a varint"));
    assert!(read(b"\x15\0\0\0\0").unwrap_err().contains("expected a varint, found a 32-bit number"));
}

#[test]
fn zigzag_covers_its_range() {
    for (bytes, number) in [
        (&b"\x20\x00"[..], 0),
        (b"\x20\x01", -1),
        (b"\x20\x02", 1),
        (b"\x20\xFF\xFF\xFF\xFF\x0F", i32::MIN),
        (b"\x20\xFE\xFF\xFF\xFF\x0F", i32::MAX),
    ] {
        assert_eq!(read(bytes).unwrap().zigzag, number);
    }
}

#[test]
fn varints_may_be_longer_than_needed_but_not_than_ten_bytes() {
    assert_eq!(read(b"\x10\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00").unwrap().varints, [1]);
    assert_eq!(read(b"\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01").unwrap().varints, [u64::MAX]);
    assert!(read(b"\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02").unwrap_err().contains("over 64 bits"));
    assert!(read(b"\x10\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00").unwrap_err().contains("over 64 bits"));
    // keys, too: field 1 in two bytes
    assert_eq!(read(b"\x8A\x00\x02hi").unwrap().texts, ["hi"]);
    assert!(read(b"\x8A\x80\x80\x80\x10\x02hi").unwrap_err().contains("field number over"));
}

#[test]
fn siblings_are_counted_but_not_trusted() {
    // three texts, then one whose length lies
    let bytes = b"\x0A\x01a\x0A\x01b\x0A\x01c\x0A\x7Fd";
    let account = Account::of(bytes);
    let mut reader = Reader::new(bytes, &account);
    let key = reader.key().unwrap();
    assert_eq!(reader.text(key, "texts").unwrap(), "a");
    assert_eq!(reader.siblings(key), 2);
    assert!(account.affordable::<[u8; 1024]>(usize::MAX) < TREE_FLOOR / 512);
}
