//! The life of a bridge: connecting, waiting, parting.

use super::abroad::Abroad;
use super::crossing::Crossing;
use super::home::Home;
use super::places::Places;
use super::{Bridge, Start};
use crate::broker::core::{BridgeNews, BridgeTurn};
use crate::broker::worker::Shared;
use crate::error::{self, Error, Result};
use crate::mqtt::RetainHandling;
use crate::net;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How often a bridge that is connected elsewhere tries the place it prefers.
const TRY_FIRST: Duration = Duration::from_secs(5);

/// What a bridge is to do.
#[derive(Debug, Clone)]
pub(super) enum Order {
    /// To be this.
    Be(Arc<Bridge>),
    /// To end, and its session with it.
    Remove,
    /// To end, for the broker does.
    Stop,
}

/// A bridge on its way to its worker.
#[derive(Debug)]
pub(in crate::broker) struct Span {
    bridge: Arc<Bridge>,
    orders: watch::Receiver<Order>,
}

/// How far a bridge has come.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Nothing is known of it here.
    New,
    /// It connects as soon as there is reason to.
    Apart,
    /// It tries again at this time.
    Waiting(Instant),
    /// Messages pass.
    Joined,
    /// It does not connect again.
    Over,
}

/// A bridge on its worker.
struct Life {
    shared: Rc<Shared>,
    /// What it is, and what it will be from its next connection on.
    bridge: Arc<Bridge>,
    next: Arc<Bridge>,
    stage: Stage,
    crossing: Crossing,
    places: Places,
    last_pause: Option<Duration>,
}

impl Span {
    pub(super) const fn new(bridge: Arc<Bridge>, orders: watch::Receiver<Order>) -> Self {
        Self { bridge, orders }
    }

    /// Is a bridge until it is told to end.
    pub(in crate::broker) async fn run(mut self, shared: Rc<Shared>) {
        let mut life = Life::new(shared, self.bridge);
        loop {
            let order = tokio::select! {
                // When the broker stops, that is heard before what comes of it.
                biased;
                changed = self.orders.changed() => match changed {
                    Ok(()) => self.orders.borrow_and_update().clone(),
                    // Nobody is left who could order anything.
                    Err(_) => Order::Stop,
                },
                lived = life.live() => {
                    // What is lost because the broker stops is not told as a loss.
                    if let Err(error) = lived
                        && matches!(self.orders.has_changed(), Ok(false))
                    {
                        life.lose(error);
                    }
                    continue;
                }
            };
            match order {
                Order::Be(next) => life.change(next).await,
                Order::Remove => return life.end(true).await,
                Order::Stop => return life.end(false).await,
            }
        }
    }
}

impl Life {
    fn new(shared: Rc<Shared>, bridge: Arc<Bridge>) -> Self {
        let home = Home::new(Rc::clone(&shared));
        Self {
            shared,
            next: Arc::clone(&bridge),
            bridge,
            stage: Stage::New,
            crossing: Crossing { home, abroad: Abroad::new() },
            places: Places::default(),
            last_pause: None,
        }
    }

    /// Goes through the next stage; it may be dropped and called again.
    ///
    /// # Errors
    /// When it is lost.
    async fn live(&mut self) -> Result<()> {
        match self.stage {
            Stage::New => self.introduce().await,
            Stage::Apart => self.join().await,
            Stage::Waiting(until) => {
                self.crossing.abroad.part(&self.bridge).await;
                sleep_until(until).await;
                self.stage = Stage::Apart;
                Ok(())
            }
            Stage::Joined => self.stay().await,
            Stage::Over => {
                self.crossing.abroad.part(&self.bridge).await;
                std::future::pending().await
            }
        }
    }

    /// Makes its session here, so that what goes out is kept from now on, and
    /// says that it is not connected.
    async fn introduce(&mut self) -> Result<()> {
        self.bridge = Arc::clone(&self.next);
        let home = &mut self.crossing.home;
        home.enter(&self.bridge).await?;
        home.subscribe(&self.bridge, RetainHandling::DoNotSend)?;
        home.settle().await?;
        home.leave();
        self.stage = Stage::Apart;
        Ok(())
    }

    /// Connects to both brokers, if need be when there is something to carry.
    async fn join(&mut self) -> Result<()> {
        self.bridge = Arc::clone(&self.next);
        if let Start::Lazy { threshold, .. } = self.bridge.start {
            self.await_messages(threshold).await?;
        }
        let Crossing { home, abroad } = &mut self.crossing;
        let place = self.places.current(&self.bridge);
        let place = place.ok_or_else(|| Error::usage("the bridge has no address"))?;
        let session_present = abroad.connect(&self.bridge, place).await?;
        home.enter(&self.bridge).await?;
        home.subscribe(&self.bridge, RetainHandling::Send)?;
        home.say(&self.bridge, true)?;
        abroad.greet(&self.bridge)?;
        self.last_pause = None;
        self.stage = Stage::Joined;
        self.tell(BridgeTurn::Connected { session_present });
        Ok(())
    }

    /// Waits until so many messages are to go out.
    async fn await_messages(&mut self, threshold: usize) -> Result<()> {
        let home = &mut self.crossing.home;
        home.enter(&self.bridge).await?;
        home.subscribe(&self.bridge, RetainHandling::DoNotSend)?;
        loop {
            while home.news.messages.len() < threshold && home.take()? {}
            if home.news.messages.len() + home.queued(&self.bridge) >= threshold {
                return Ok(());
            }
            let asked = home.asked().await;
            home.heed(&asked)?;
        }
    }

    /// Passes messages on until the connection is lost or there is a reason to
    /// part.
    async fn stay(&mut self) -> Result<()> {
        let (bridge, shared) = (Arc::clone(&self.bridge), Rc::clone(&self.shared));
        let to = self.place();
        let tell = |turn: BridgeTurn<'_>| tell(&shared, &bridge, &to, turn);
        let preferred = self.places.preferred(&bridge);
        let mut first_is_back = std::pin::pin!(can_be_reached(preferred, bridge.connect_timeout));
        let mut busy = Instant::now();
        loop {
            if self.crossing.pass_on(&bridge, &tell)? || self.crossing.abroad.in_flight() > 0 {
                busy = Instant::now();
            }
            let may_send = self.crossing.hears();
            let Crossing { home, abroad } = &mut self.crossing;
            let cause = tokio::select! {
                asked = home.asked() => { home.heed(&asked)?; continue }
                moved = abroad.exchange(), if may_send => { moved?; continue }
                () = &mut first_is_back => "the first address can be reached again",
                () = idle(&bridge, busy) => "there is nothing to carry",
            };
            self.places.go_back();
            self.part(cause).await;
            return Ok(());
        }
    }

    /// Says goodbye to both brokers.
    async fn part(&mut self, cause: &str) {
        self.tell(BridgeTurn::Parted { cause });
        self.stage = Stage::Apart;
        self.crossing.home.leave();
        self.crossing.abroad.part(&self.bridge).await;
    }

    /// Decides what is done after it was lost. The other broker is told next, which is
    /// there yet if it was this one that has gone.
    fn lose(&mut self, error: Error) {
        self.crossing.home.leave();
        let retry = (self.bridge.start != Start::Once).then(|| {
            let random = RandomState::new().hash_one(());
            self.bridge.pause.after(self.last_pause, random)
        });
        self.tell(BridgeTurn::Lost { cause: &error::line(&error.into()), retry });
        self.places.go_on(&self.bridge);
        self.last_pause = retry;
        self.stage = retry.map_or(Stage::Over, |wait| Stage::Waiting(Instant::now() + wait));
    }

    /// Becomes another bridge of the same name, at once or with its next
    /// connection.
    async fn change(&mut self, next: Arc<Bridge>) {
        let anew = next.reload_at_once;
        self.next = next;
        match self.stage {
            Stage::Joined if anew => self.part("the configuration was read again").await,
            Stage::Joined => {}
            Stage::New | Stage::Apart | Stage::Waiting(_) | Stage::Over => {
                self.crossing.home.leave();
                self.stage = Stage::New;
            }
        }
    }

    async fn end(mut self, forget: bool) {
        if matches!(self.stage, Stage::Joined) {
            self.part(if forget { "it was removed" } else { "the broker stops" }).await;
        }
        if forget && let Err(error) = self.crossing.home.forget(&self.bridge).await {
            self.tell(BridgeTurn::Lost { cause: &error::line(&error.into()), retry: None });
        }
        self.crossing.home.leave();
    }

    /// The other broker, for people.
    fn place(&self) -> String {
        self.places.current(&self.bridge).map(ToString::to_string).unwrap_or_default()
    }

    fn tell(&self, turn: BridgeTurn<'_>) {
        tell(&self.shared, &self.bridge, &self.place(), turn);
    }
}

fn tell(shared: &Shared, bridge: &Bridge, to: &str, turn: BridgeTurn<'_>) {
    shared.core().tell_bridge(shared.now(), BridgeNews { name: &bridge.name, to, turn });
}

/// Ready when `place` can be reached; never if there is none.
async fn can_be_reached(place: Option<&net::Endpoint>, limit: Duration) {
    let Some(place) = place else { return std::future::pending().await };
    loop {
        sleep(TRY_FIRST).await;
        if net::connect(place, limit).await.is_ok() {
            return;
        }
    }
}

/// Ready when a bridge that connects only when it must has been idle since
/// `busy` for as long as it stays.
async fn idle(bridge: &Bridge, busy: Instant) {
    match bridge.start {
        Start::Lazy { idle, .. } => sleep_until(busy + idle).await,
        _ => std::future::pending().await,
    }
}
