//! A timer for spans well below a millisecond, which is as fine as the
//! runtime's own timers are.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

#[cfg(target_os = "linux")]
pub(super) use linux::Timer;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Timer;

#[cfg(target_os = "linux")]
mod linux {
    use super::{Context, Duration, Poll, io};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::os::fd::OwnedFd;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A timer of the kernel's that the runtime waits for like a socket.
    pub(in super::super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        /// A timer that is not set; must be called within a runtime.
        pub(in super::super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "its successor is unsafe to call for types that may close their \
                          descriptor or give another; an OwnedFd does neither"
            )]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
            Ok(Self(fd))
        }

        /// Sets the timer to `span` from now, instead of what it was set to.
        pub(in super::super) fn set(&mut self, span: Duration) -> io::Result<()> {
            const NEVER: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
            // A span of zero would switch the timer off.
            let span = span.max(Duration::from_nanos(1));
            let value = Timespec {
                tv_sec: span.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: span.subsec_nanos().into(),
            };
            let spec = Itimerspec { it_interval: NEVER, it_value: value };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &spec)?;
            Ok(())
        }

        /// Ready once when the time set has come.
        pub(in super::super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            loop {
                let mut guard = std::task::ready!(self.0.poll_read_ready(cx))?;
                let mut expirations = [0; 8];
                let read = guard.try_io(|fd| Ok(rustix::io::read(fd, &mut expirations)?));
                if let Ok(read) = read {
                    return Poll::Ready(read.map(drop));
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use super::{Context, Duration, Poll, io};
    use std::future::Future as _;
    use std::pin::Pin;
    use tokio::time::{Instant, Sleep, sleep};

    /// The runtime's timer, exact to a millisecond.
    pub(in super::super) struct Timer(Pin<Box<Sleep>>);

    impl Timer {
        /// A timer that is not set; must be called within a runtime.
        pub(in super::super) fn new() -> io::Result<Self> {
            Ok(Self(Box::pin(sleep(Duration::MAX))))
        }

        /// Sets the timer to `span` from now, instead of what it was set to.
        pub(in super::super) fn set(&mut self, span: Duration) -> io::Result<()> {
            self.0.as_mut().reset(Instant::now() + span);
            Ok(())
        }

        /// Ready once when the time set has come.
        pub(in super::super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.0.as_mut().poll(cx).map(Ok)
        }
    }
}
