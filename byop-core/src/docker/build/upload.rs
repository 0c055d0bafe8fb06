//! The context on its way to the engine, a few chunks at a time.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::sync::mpsc;

use super::OPERATION;
use crate::error::{Error, ErrorKind};
use crate::source::BuildContext;

const CHUNK: usize = 128 << 10;
const CHUNKS: usize = 4;

/// A context that is being read in a thread of its own, no faster than the engine takes it.
#[derive(Debug)]
pub(super) struct Upload(Arc<Mutex<Option<Error>>>);

impl Upload {
    pub(super) fn start(context: BuildContext) -> (Self, impl Stream<Item = io::Result<Bytes>>) {
        let (sender, mut receiver) = mpsc::channel(CHUNKS);
        let problem = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&problem);
        tokio::task::spawn_blocking(move || {
            let mut out = ChannelWriter { sender, chunk: BytesMut::with_capacity(CHUNK) };
            let written = context.write_tar(&mut out).and_then(|_| {
                out.flush().map_err(|error| {
                    Error::new(ErrorKind::Cancelled, OPERATION, "the build was cancelled").with_source(error)
                })
            });
            if let Err(error) = written {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.with_operation(OPERATION));
                // Breaks the connection off, so that the engine does not build half a context.
                let _ = out.sender.blocking_send(Err(io::Error::other("the build context cannot be read")));
            }
        });
        (Self(problem), futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)))
    }

    /// The error of reading the context, if that is why `error` happened.
    pub(super) fn cause(&self, error: Error) -> Error {
        let problem = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Cancelled: the engine hung up first, and `error` says why.
        problem.filter(|problem| problem.kind() != ErrorKind::Cancelled).unwrap_or(error)
    }
}

struct ChannelWriter {
    sender: mpsc::Sender<io::Result<Bytes>>,
    chunk: BytesMut,
}

impl Write for ChannelWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&data[..taken]);
        if self.chunk.len() == CHUNK {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, BytesMut::with_capacity(CHUNK)).freeze();
        self.sender.blocking_send(Ok(chunk)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
