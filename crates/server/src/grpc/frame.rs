//! A message on the wire: one byte that says whether it is compressed, four bytes of length (big endian), the message
//! ("gRPC over HTTP/2", Length-Prefixed-Message).

use thiserror::Error;

pub(super) const HEAD_BYTES: usize = 5;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'b> {
    pub(super) compressed: bool,
    pub(super) bytes: &'b [u8],
}

/// A request that is not one whole message.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum FrameError {
    #[error("the request has no message")]
    Empty,
    #[error("the request ends within its message: {arrived} of {wanted} bytes arrived")]
    CutOff { arrived: usize, wanted: usize },
    #[error("the request has more than one message")]
    More,
    #[error("the message's compression flag is {0}, neither 0 nor 1")]
    Flag(u8),
}

/// The message of a unary request.
pub(super) fn only_message(body: &[u8]) -> Result<Message<'_>, FrameError> {
    let Some(([flag, length @ ..], rest)) = body.split_first_chunk::<HEAD_BYTES>() else {
        return Err(match body.len() {
            0 => FrameError::Empty,
            arrived => FrameError::CutOff { arrived, wanted: HEAD_BYTES },
        });
    };
    let compressed = match flag {
        0 => false,
        1 => true,
        other => return Err(FrameError::Flag(*other)),
    };
    let wanted = u32::from_be_bytes(*length) as usize;
    match rest.len().cmp(&wanted) {
        std::cmp::Ordering::Less => Err(FrameError::CutOff { arrived: rest.len(), wanted }),
        std::cmp::Ordering::Equal => Ok(Message { compressed, bytes: rest }),
        std::cmp::Ordering::Greater => Err(FrameError::More),
    }
}

/// `message`, not compressed, as it goes over the wire. An answer is never near 4 GiB.
pub(super) fn of_message(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0][..], &length.to_be_bytes(), message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for message in [&b""[..], b"x", &vec![7; 70_000]] {
            let read = Message { compressed: false, bytes: message };
            assert_eq!(only_message(&of_message(message)), Ok(read));
        }
    }

    #[test]
    fn the_flag_says_whether_it_is_compressed() {
        assert_eq!(only_message(&[1, 0, 0, 0, 1, 9]), Ok(Message { compressed: true, bytes: &[9] }));
        assert_eq!(only_message(&[2, 0, 0, 0, 0]), Err(FrameError::Flag(2)));
    }

    #[test]
    fn what_is_not_one_message_is_refused() {
        assert_eq!(only_message(b""), Err(FrameError::Empty));
        assert_eq!(only_message(&[0, 0, 0]), Err(FrameError::CutOff { arrived: 3, wanted: 5 }));
        assert_eq!(only_message(&[0, 0, 0, 0, 3, 1, 2]), Err(FrameError::CutOff { arrived: 2, wanted: 3 }));
        assert_eq!(only_message(&[0, 255, 255, 255, 255]), Err(FrameError::CutOff { arrived: 0, wanted: 0xFFFF_FFFF }));
        assert_eq!(only_message(&[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]), Err(FrameError::More));
    }
}
