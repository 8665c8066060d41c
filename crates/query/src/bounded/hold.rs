//! Arrays that keep their memory reserved: the reservation ends with the last of the buffers, wherever they went.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, make_array};
use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use bytes::Bytes;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

/// A buffer and what it is counted in.
struct Held {
    buffer: Buffer,
    _reserved: Arc<MemoryReservation>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_slice()
    }
}

/// `array`, whose buffers that are not `given`'s are counted in `reserved` until they are dropped.
pub(crate) fn hold(array: &ArrayRef, given: &[ArrayRef], reserved: MemoryReservation) -> Result<ArrayRef> {
    let known = known(given.iter());
    let data = array.to_data();
    reserved.try_resize(new_in(&data, &known))?;
    Ok(make_array(held(data, &known, &Arc::new(reserved))?))
}

/// The bytes of `array` that are not shared with `given`.
pub(crate) fn new_bytes<'a>(array: &ArrayRef, given: impl Iterator<Item = &'a ArrayRef>) -> usize {
    new_in(&array.to_data(), &known(given))
}

/// Where the memory of the buffers begins: slices of one buffer are that buffer.
fn known<'a>(given: impl Iterator<Item = &'a ArrayRef>) -> HashSet<usize> {
    fn collect(data: &ArrayData, into: &mut HashSet<usize>) {
        into.extend(data.buffers().iter().map(start));
        data.child_data().iter().for_each(|child| collect(child, into));
    }
    let mut known = HashSet::new();
    given.for_each(|array| collect(&array.to_data(), &mut known));
    known
}

fn start(buffer: &Buffer) -> usize {
    buffer.data_ptr().as_ptr().addr()
}

fn new_in(data: &ArrayData, known: &HashSet<usize>) -> usize {
    let own: usize = data.buffers().iter().filter(|buffer| !known.contains(&start(buffer))).map(Buffer::len).sum();
    own + data.child_data().iter().map(|child| new_in(child, known)).sum::<usize>()
}

fn held(
    data: ArrayData,
    known: &HashSet<usize>,
    reserved: &Arc<MemoryReservation>,
) -> std::result::Result<ArrayData, ArrowError> {
    let buffers = data.buffers().iter().map(|buffer| {
        if known.contains(&start(buffer)) || buffer.is_empty() {
            return buffer.clone();
        }
        Buffer::from(Bytes::from_owner(Held { buffer: buffer.clone(), _reserved: Arc::clone(reserved) }))
    });
    let buffers = buffers.collect();
    let children = data.child_data().iter().map(|child| held(child.clone(), known, reserved));
    let children = children.collect::<std::result::Result<_, _>>()?;
    data.into_builder().buffers(buffers).child_data(children).build()
}
