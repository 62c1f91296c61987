//! The task of one connection: moves bytes between its transport and the core.

use super::access::{Checked, Exchange, Gate};
use super::core::{Connection, Link as _, Outflow, Progress};
use super::door::Newcomer;
use super::link::{Asked, SocketLink};
use super::transport::Transport;
use super::worker::Shared;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long a client may take to read its last bytes and to close.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// Bytes of an unfinished packet up to which it is copied to the shared read
/// buffer; a longer one gets a buffer of its own, so that nothing is copied
/// again and again.
const SMALL_PARTIAL: usize = 4096;

/// How much a packet's own buffer grows at a time: what was announced is not
/// believed before it is there.
const GROWTH: usize = 64 * 1024;

/// A check of who the client is.
type Check = Pin<Box<dyn Future<Output = Checked>>>;

/// How far it is known who the client is, until it is.
enum Checking {
    /// It is being checked.
    Lasts(Check),
    /// The client has the next step of the exchange by which it authenticates.
    Exchange(Box<dyn Exchange>),
}

/// One connection.
pub(super) struct Task {
    shared: Rc<Shared>,
    transport: Transport,
    link: Arc<SocketLink>,
    connection: Connection,
    /// Who checks who the client is.
    gate: Arc<Gate>,
    /// Boxed, since few connections have one.
    checking: Option<Box<Checking>>,
    /// Whether nothing is read, for the client has published too fast.
    paused: bool,
    /// The beginning of a packet whose end has not arrived.
    partial: Vec<u8>,
    /// Output taken from the core, and how much of its front is written.
    writing: Outflow,
    written: usize,
    /// Whether the core expects to be asked for more when that is written.
    is_writer: bool,
}

impl Task {
    pub(super) fn new(shared: Rc<Shared>, newcomer: Newcomer) -> Self {
        let Newcomer { transport, peer, gate } = newcomer;
        let link = Arc::new(SocketLink::new(transport.shared()));
        let for_core = Arc::clone(&link);
        let connection = shared.batch(|core, worker| core.accept(worker, for_core, peer));
        Self {
            shared,
            transport,
            link,
            connection,
            gate,
            checking: None,
            paused: false,
            partial: Vec::new(),
            writing: Outflow::default(),
            written: 0,
            is_writer: false,
        }
    }

    /// Serves the connection until it is over.
    pub(super) async fn run(&mut self) {
        let last = poll_fn(|cx| self.poll_serve(cx)).await;
        let connection = &mut self.connection;
        self.shared.batch(|core, worker| core.close(worker, connection));
        let last = match last {
            Ok(last) => *last,
            Err(_) if self.transport.is_ended() => self.give_up_output(),
            Err(_) => return,
        };
        // Boxed: an idle connection need not have the room for its end.
        let farewell = Box::pin(tokio::time::timeout(FAREWELL, self.say_goodbye(last)));
        // A client that does not read to the end is left.
        let _ = farewell.await;
    }

    /// Ready when the core has asked for the end, with the last bytes to
    /// write, or when the transport is broken or closed.
    fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Box<Outflow>>> {
        let mut had_turn = false;
        loop {
            // Until there is nothing to do: only then is the next bell heard.
            while let Poll::Ready(asked) = self.link.poll_asked(cx) {
                match asked {
                    Asked::Finish(last) => return Poll::Ready(Ok(last)),
                    Asked::Write if had_turn => return self.come_back(cx),
                    Asked::Write => self.take_output(),
                }
                had_turn = true;
            }
            if let Poll::Ready(Err(error)) = self.poll_output(cx) {
                return Poll::Ready(Err(error));
            }
            let checked = self.poll_check(cx);
            if self.connection.is_waiting() {
                // What has come behind the CONNECT waits with it.
                ready!(checked);
            } else if checked.is_ready() {
                // There may be something to write now.
            } else if self.paused {
                ready!(self.poll_pause());
            } else if ready!(self.poll_input(cx))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Looks at the bell again in the next turn.
    fn come_back<T>(&self, cx: &mut Context<'_>) -> Poll<T> {
        self.link.wake();
        yield_turn(cx);
        Poll::Pending
    }

    /// Writes what was taken from the core, and takes what there is behind it,
    /// which has its turn later.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(cx))?;
        if self.is_writer {
            self.take_output();
            if self.is_writer {
                yield_turn(cx);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// There is nobody to write the output to.
    fn give_up_output(&mut self) -> Outflow {
        self.writing = Outflow::default();
        self.written = 0;
        Outflow::default()
    }

    /// Fetches output if none is being written.
    fn take_output(&mut self) {
        if !self.writing.is_empty() {
            return;
        }
        let done = std::mem::take(&mut self.writing);
        let connection = &self.connection;
        let next = self.shared.batch(|core, worker| {
            worker.recycle(done.into_spare());
            core.take_output(connection, worker)
        });
        self.is_writer = next.is_some();
        self.writing = next.unwrap_or_default();
    }

    /// Reads once and lets the core at it; returns the bytes read.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.partial.len() > SMALL_PARTIAL {
            return self.poll_large_packet(cx);
        }
        let shared = Rc::clone(&self.shared);
        let mut buffer = shared.buffer.borrow_mut();
        let (front, back) = buffer.split_at_mut(self.partial.len());
        let count = ready!(self.transport.poll_read(cx, back))?;
        front.copy_from_slice(&self.partial);
        let filled = buffer.get(..self.partial.len() + count).unwrap_or_default();
        if count > 0
            && let Progress::Consumed(consumed) = self.receive(filled)
        {
            let rest = filled.get(consumed..).unwrap_or_default();
            // An idle connection keeps no buffer.
            self.partial = rest.to_vec();
        }
        Poll::Ready(Ok(count))
    }

    fn receive(&mut self, bytes: &[u8]) -> Progress {
        let connection = &mut self.connection;
        let progress = self.shared.batch(|core, worker| core.receive(worker, connection, bytes));
        self.paused = self.connection.pause().is_some();
        let gate = || Arc::clone(&self.gate);
        let address = self.connection.peer().address.map(|address| address.ip());
        if let Some(question) = self.connection.take_question() {
            self.begin_check(gate().judge(question, address));
        } else if let Some(step) = self.connection.take_step() {
            let exchange = match self.checking.take().map(|checking| *checking) {
                Some(Checking::Exchange(exchange)) => Some(exchange),
                _ => None,
            };
            self.begin_check(gate().step(exchange, step, address));
        }
        progress
    }

    fn begin_check(&mut self, check: impl Future<Output = Checked> + 'static) {
        self.checking = Some(Box::new(Checking::Lasts(Box::pin(check))));
    }

    /// Ready when a check has ended and the core was told, and with it what has
    /// come behind; pending also without a check.
    fn poll_check(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Checking::Lasts(check)) = self.checking.as_deref_mut() else {
            return Poll::Pending;
        };
        let checked = ready!(check.as_mut().poll(cx));
        self.checking = None;
        let connection = &mut self.connection;
        let progress = self.shared.batch(|core, worker| match checked {
            Checked::Password(verdict) => core.answer(worker, connection, verdict),
            Checked::Step(exchange, outcome) => {
                self.checking = exchange.map(|exchange| Box::new(Checking::Exchange(exchange)));
                core.answer_step(worker, connection, outcome)
            }
        });
        if progress != Progress::Over {
            self.receive_partial();
        }
        Poll::Ready(())
    }

    /// Ready when the client may go on, and with it what it has sent already.
    /// The core rings the bell then.
    fn poll_pause(&mut self) -> Poll<()> {
        let connection = &mut self.connection;
        if self.shared.batch(|core, worker| core.is_paused(worker, connection)) {
            return Poll::Pending;
        }
        self.paused = false;
        self.receive_partial();
        Poll::Ready(())
    }

    fn poll_large_packet(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let start = self.partial.len();
        self.partial.resize(start + GROWTH, 0);
        let space = self.partial.get_mut(start..).unwrap_or_default();
        let read = self.transport.poll_read(cx, space);
        let count = match &read {
            Poll::Ready(Ok(count)) => *count,
            _ => 0,
        };
        self.partial.truncate(start + count);
        if count > 0 {
            self.receive_partial();
        }
        read
    }

    /// Lets the core at the bytes that were kept, and keeps the rest.
    fn receive_partial(&mut self) {
        let bytes = std::mem::take(&mut self.partial);
        if let Progress::Consumed(consumed) = self.receive(&bytes) {
            self.partial = bytes;
            self.partial.drain(..consumed);
        }
    }

    /// Writes the last bytes and closes the connection.
    async fn say_goodbye(&mut self, last: Outflow) -> io::Result<()> {
        self.writing.append(last);
        poll_fn(|cx| self.poll_rest(cx)).await?;
        self.transport.close().await
    }

    /// Writes what was taken from the core.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.writing.is_empty() {
            let front = self.writing.front();
            let rest = front.get(self.written..).unwrap_or_default();
            let written = ready!(self.transport.poll_write(cx, rest))?;
            let is_done = written == rest.len();
            self.written += written;
            if is_done {
                self.writing.advance(self.written);
                self.written = 0;
            }
        }
        self.transport.poll_flush(cx)
    }
}

/// Has the task polled again when the others that can go on have been, and the
/// sockets were looked at. Waking it would let it have 61 turns before that.
fn yield_turn(cx: &mut Context<'_>) {
    let deferred = pin!(tokio::task::yield_now()).poll(cx);
    debug_assert!(deferred.is_pending(), "it is the first time that it is polled");
}
