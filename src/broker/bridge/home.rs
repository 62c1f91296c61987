//! A bridge at this broker: a client without a socket.

use super::Bridge;
use super::carried::{News, fitted};
use crate::broker::core::{Entrance, Realm};
use crate::broker::inline::Insider;
use crate::broker::link::Asked;
use crate::broker::worker::Shared;
use crate::client::explain;
use crate::error::{Class, Error, Result};
use crate::mqtt::{
    Publish, QoS, ReasonCode, RetainHandling, SubscribeOptions, SubscribeProperties,
    SubscribeRequest, UnsubscribeProperties, Version,
};
use crate::session::{ClientConfig, ClientSession, Failure, Receipt, Token};
use std::num::NonZeroU16;
use std::rc::Rc;
use std::sync::Arc;

/// Messages that the bridge has in its hands at once; the rest waits in the
/// queue of its session.
const WINDOW: u16 = 1000;

/// The name of the rules of bridges, which forbid nothing: what they carry is
/// said where they are. One that is a user here keeps to the rules for that.
pub(in crate::broker) const WITHOUT_RULES: &str = "bridges";

/// The token of what the bridge says on its own behalf.
pub(super) const OWN: Token = 0;

/// The bridge's client, connected or not, and what it has been told.
#[derive(Debug)]
pub(super) struct Home {
    shared: Rc<Shared>,
    /// Its session while it is not connected.
    away: Option<ClientSession>,
    here: Option<Insider>,
    pub(super) news: News,
}

impl Home {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, away: None, here: None, news: News::default() }
    }

    /// Connects, unless it is connected.
    ///
    /// # Errors
    /// When the broker does not let it in.
    pub(super) async fn enter(&mut self, bridge: &Bridge) -> Result<()> {
        if self.here.is_none() {
            let mut session =
                self.away.take().unwrap_or_else(|| ClientSession::new(config(bridge)));
            session.configure(config(bridge));
            session.connect(self.shared.now()).map_err(explain)?;
            self.here = Some(Insider::enter(Rc::clone(&self.shared), session, entrance(bridge)));
        }
        self.until(ClientSession::is_connected).await
    }

    /// Waits until nothing that it has asked for is unanswered.
    ///
    /// # Errors
    /// When the broker cuts it off.
    pub(super) async fn settle(&mut self) -> Result<()> {
        self.until(|session| session.in_flight() == 0).await
    }

    async fn until(&mut self, done: impl Fn(&ClientSession) -> bool) -> Result<()> {
        loop {
            let insider = self.here.as_mut().ok_or_else(not_here)?;
            let news = &mut self.news;
            insider.exchange(&mut |event| news.note(&event)).map_err(explain)?;
            if done(&insider.session) {
                return Ok(());
            }
            let asked = insider.asked().await;
            self.heed(&asked)?;
        }
    }

    /// Ends the connection as if it were lost: its will says so.
    pub(super) fn leave(&mut self) {
        if let Some(insider) = self.here.take() {
            self.away = Some(insider.leave());
        }
    }

    /// Ends the session and what is kept for it.
    ///
    /// # Errors
    /// As [`Home::enter`].
    pub(super) async fn forget(&mut self, bridge: &Bridge) -> Result<()> {
        self.leave();
        self.away = None;
        let last = Bridge { local_clean_start: true, ..bridge.clone() };
        let entered = self.enter(&last).await;
        self.leave();
        entered
    }

    /// Subscribes to what goes out, and to nothing else that an earlier
    /// configuration may have asked for.
    ///
    /// # Errors
    /// When the broker has cut it off.
    pub(super) fn subscribe(&mut self, bridge: &Bridge, retained: RetainHandling) -> Result<()> {
        let known = self.shared.core().subscriptions_of(&bridge.local_client_id);
        let insider = self.here.as_mut().ok_or_else(not_here)?;
        let now = insider.now();
        let wanted = requests(bridge, retained);
        let is_wanted = |filter: &str| wanted.iter().any(|request| request.filter == filter);
        let known = known.iter().map(|subscription| subscription.filter.as_str());
        let unwanted: Vec<_> = known.filter(|filter| !is_wanted(filter)).collect();
        if !unwanted.is_empty() {
            let properties = UnsubscribeProperties::default();
            insider.session.unsubscribe(&unwanted, properties, OWN, now).map_err(explain)?;
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let properties = SubscribeProperties::default();
        insider.session.subscribe(&wanted, properties, OWN, now).map_err(explain)
    }

    /// Says whether the bridge is connected.
    ///
    /// # Errors
    /// When the broker has cut it off.
    pub(super) fn say(&mut self, bridge: &Bridge, connected: bool) -> Result<()> {
        match bridge.notice(connected) {
            Some(notice) => {
                self.publish(&notice.publish(None, false), OWN).map(drop).map_err(explain)
            }
            None => Ok(()),
        }
    }

    /// Publishes a message as this broker takes it. Returns whether that is all:
    /// nothing will be heard of it.
    ///
    /// # Errors
    /// As [`ClientSession::publish`].
    pub(super) fn publish(&mut self, publish: &Publish<'_>, token: Token) -> Result<bool, Failure> {
        let insider = self.here.as_mut().ok_or(Failure::NotConnected)?;
        let now = insider.now();
        let publish = fitted(publish, &insider.session.limits());
        insider.session.publish(&publish, token, now)?;
        Ok(publish.qos == QoS::AtMostOnce)
    }

    /// The other broker has taken a message, or refused it.
    ///
    /// # Errors
    /// As [`ClientSession::acknowledge`].
    pub(super) fn acknowledge(&mut self, receipt: Receipt, reason: ReasonCode) -> Result<()> {
        let now = self.shared.now();
        let session = self.here.as_mut().map(|insider| &mut insider.session);
        match session.or(self.away.as_mut()) {
            Some(session) => session.acknowledge(receipt, reason, now).map_err(explain),
            None => Ok(()),
        }
    }

    /// Brings what it has to say to the broker.
    pub(super) fn send(&mut self) {
        self.here.iter_mut().for_each(Insider::send);
    }

    /// The same, and hears what the broker has to say; returns whether that is
    /// something.
    ///
    /// # Errors
    /// When the broker cuts it off.
    pub(super) fn take(&mut self) -> Result<bool> {
        let Some(insider) = &mut self.here else { return Ok(false) };
        let news = &mut self.news;
        insider.take(&mut |event| news.note(&event)).map_err(explain)
    }

    /// Waits until the broker wants something.
    pub(super) async fn asked(&self) -> Asked {
        match &self.here {
            Some(insider) => insider.asked().await,
            None => std::future::pending().await,
        }
    }

    /// Looks whether it may stay.
    ///
    /// # Errors
    /// When it may not: the broker has cut it off.
    pub(super) fn heed(&mut self, asked: &Asked) -> Result<()> {
        let (Asked::Finish(last), Some(insider)) = (asked, &mut self.here) else { return Ok(()) };
        let news = &mut self.news;
        insider.receive(&last.whole(), &mut |event| news.note(&event)).map_err(explain)?;
        Err(not_here())
    }

    /// Messages that wait for it at the broker.
    pub(super) fn queued(&self, bridge: &Bridge) -> usize {
        let session = self.shared.core().session(self.shared.now(), &bridge.local_client_id);
        session.map_or(0, |session| session.queued)
    }
}

fn not_here() -> Error {
    Error::new(Class::ConnectionLost, "this broker has ended the bridge's own connection to it")
}

/// How the bridge is let in here.
fn entrance(bridge: &Bridge) -> Arc<Entrance> {
    let without_rules =
        || Arc::new(Realm { rules: Some(WITHOUT_RULES.into()), mount_point: Box::default() });
    let realm = bridge.local_username.is_none().then(without_rules);
    Arc::new(Entrance { realm, ..Entrance::default() })
}

/// What the bridge says of itself here.
fn config(bridge: &Bridge) -> ClientConfig {
    ClientConfig {
        version: Version::V5,
        client_id: bridge.local_client_id.clone(),
        username: bridge.local_username.clone(),
        clean_start: bridge.local_clean_start,
        session_expiry_interval: (!bridge.local_clean_start).then_some(u32::MAX),
        // Neither side can be lost without the other, so nobody need ask.
        keep_alive: 0,
        receive_maximum: NonZeroU16::new(WINDOW),
        acknowledged_by_owner: true,
        will: bridge.notice(false).map(|notice| (notice, 0)),
        ..ClientConfig::default()
    }
}

/// What to subscribe to here.
pub(super) fn requests(bridge: &Bridge, retained: RetainHandling) -> Vec<SubscribeRequest<'_>> {
    let request =
        |(filter, qos)| SubscribeRequest { filter, options: options(filter, qos, retained) };
    let routes = bridge.routes.iter();
    routes.filter_map(|route| Some((route.local_filter()?, route.qos()))).map(request).collect()
}

/// A subscription that brings nothing of the bridge's own back and leaves RETAIN
/// as it was published. A shared one may not ask for the former (MQTT-3.8.3-4).
pub(super) fn options(filter: &str, qos: QoS, retain_handling: RetainHandling) -> SubscribeOptions {
    let no_local = !filter.starts_with("$share/");
    SubscribeOptions { qos, no_local, retain_as_published: true, retain_handling }
}
