//! An answer that is sent while it is made, a piece in memory at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Pieces that wait for a slow client.
const WAITING: usize = 2;
/// Read of a file and sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// A body, and where its pieces go in. An error breaks the answer off, so that the client does not take it for whole.
pub(super) fn body() -> (Sender<io::Result<Bytes>>, Body) {
    let (sender, receiver) = channel(WAITING);
    (sender, Body::new(Pieces(receiver)))
}

/// A file from where it stands to its end.
pub(super) fn file(mut file: File) -> Body {
    let (sender, body) = body();
    tokio::spawn(async move {
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let read = (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut piece).await;
            let is_end = matches!(read, Ok(0));
            if is_end || sender.send(read.map(|_| Bytes::from(piece))).await.is_err() {
                return;
            }
        }
    });
    body
}

struct Pieces(Receiver<io::Result<Bytes>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
