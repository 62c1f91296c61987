//! A bridge at the other broker: a client like any other.

use super::Bridge;
use super::carried::{News, fitted};
use super::home::{OWN, options};
use crate::client::{ConnectOptions, Connection, explain, is_about_mark};
use crate::error::{Class, Error, Result};
use crate::mqtt::{
    Publish, QoS, ReasonCode, RetainHandling, SubscribeProperties, SubscribeRequest,
    UnsubscribeProperties, Version,
};
use crate::net::Endpoint;
use crate::session::{ClientConfig, Event, Failure, Receipt};

/// The bridge's client there, and what it has been told.
pub(super) struct Abroad {
    connection: Option<Connection>,
    /// Whether the other broker has not been seen to mind a bridge.
    private: bool,
    /// Whether it has connected, and not been seen to be lost.
    open: bool,
    pub(super) news: News,
}

impl Abroad {
    pub(super) fn new() -> Self {
        Self { connection: None, private: true, open: false, news: News::default() }
    }

    /// Connects; what was in flight on an earlier connection goes on. Returns
    /// whether the broker goes on with an earlier session.
    ///
    /// # Errors
    /// When it cannot be reached or refuses.
    pub(super) async fn connect(&mut self, bridge: &Bridge, endpoint: &Endpoint) -> Result<bool> {
        let marked = self.private && bridge.private && bridge.remote.version != Version::V5;
        let connected = self.connect_as(bridge, endpoint, marked).await;
        match connected {
            Err(error) if marked && is_about_mark(&error) => {
                self.private = false;
                self.connect_as(bridge, endpoint, false).await?;
            }
            connected => connected?,
        }
        self.open = true;
        Ok(self.news.session_present.unwrap_or_default())
    }

    async fn connect_as(
        &mut self,
        bridge: &Bridge,
        endpoint: &Endpoint,
        marked: bool,
    ) -> Result<()> {
        let options = ConnectOptions {
            endpoint: endpoint.clone(),
            session: config(bridge, marked),
            connect_timeout: bridge.connect_timeout,
            fall_back: false,
            ..ConnectOptions::default()
        };
        let news = &mut self.news;
        let mut on_event = |event: Event<'_>| news.note(&event);
        if let Some(connection) = &mut self.connection {
            connection.configure(options);
            return connection.reopen(&mut on_event).await;
        }
        self.connection = Some(Connection::open(options, &mut on_event).await?);
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(not_connected)
    }

    /// Subscribes to what comes in, ends what comes in no more, and says that
    /// the bridge is connected.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) fn greet(&mut self, bridge: &Bridge) -> Result<()> {
        let connection = self.connection()?;
        let unwanted = bridge.routes.unwanted();
        if bridge.unsubscribe && !unwanted.is_empty() {
            connection.unsubscribe(&unwanted, UnsubscribeProperties::default(), OWN)?;
        }
        let wanted = requests(bridge);
        if !wanted.is_empty() {
            connection.subscribe(&wanted, SubscribeProperties::default(), OWN)?;
        }
        self.say(bridge, true, QoS::AtLeastOnce)
    }

    fn say(&mut self, bridge: &Bridge, connected: bool, qos: QoS) -> Result<()> {
        let Some(notice) = bridge.notice_there(connected) else { return Ok(()) };
        let publish = Publish { qos, ..notice.publish(None, false) };
        self.publish(&publish, OWN).map(drop).map_err(explain)
    }

    /// Publishes a message as the other broker takes it. Returns whether that is
    /// all: nothing will be heard of it.
    ///
    /// # Errors
    /// As [`Connection::publish`].
    pub(super) fn publish(
        &mut self,
        publish: &Publish<'_>,
        receipt: Receipt,
    ) -> Result<bool, Failure> {
        let connection = self.connection.as_mut().ok_or(Failure::NotConnected)?;
        let publish = fitted(publish, &connection.limits());
        connection.publish(&publish, receipt)?;
        Ok(publish.qos == QoS::AtMostOnce)
    }

    /// This broker has taken a message, or refused it.
    ///
    /// # Errors
    /// As [`Connection::acknowledge`].
    pub(super) fn acknowledge(&mut self, receipt: Receipt, reason: ReasonCode) -> Result<()> {
        self.connection()?.acknowledge(receipt, reason)
    }

    /// Whether so much waits to be written that nothing should be added.
    pub(super) fn is_congested(&mut self) -> bool {
        self.connection.as_mut().is_some_and(Connection::is_congested)
    }

    /// Messages and requests that are not answered yet.
    pub(super) fn in_flight(&self) -> usize {
        self.connection.as_ref().map_or(0, Connection::in_flight)
    }

    /// Writes and reads until something has happened; may be dropped.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn exchange(&mut self) -> Result<()> {
        let Some(connection) = &mut self.connection else { return Err(not_connected()) };
        let news = &mut self.news;
        let exchanged = connection.exchange(&mut |event| news.note(&event)).await;
        self.open &= exchanged.is_ok();
        exchanged
    }

    /// Says goodbye, if it is connected.
    pub(super) async fn part(&mut self, bridge: &Bridge) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        // Nobody waits for the answer, and what is not answered is sent again. Whoever
        // hangs up meanwhile has understood.
        let _ = self.say(bridge, false, QoS::AtMostOnce);
        if let Some(connection) = &mut self.connection {
            let _ = connection.leave().await;
        }
    }
}

fn not_connected() -> Error {
    Error::new(Class::ConnectionLost, "the bridge is not connected")
}

/// What the bridge says of itself there.
fn config(bridge: &Bridge, marked: bool) -> ClientConfig {
    ClientConfig {
        bridge: marked,
        acknowledged_by_owner: true,
        will: bridge.notice_there(false).map(|notice| (notice, 0)),
        ..bridge.remote.clone()
    }
}

/// What to subscribe to there.
pub(super) fn requests(bridge: &Bridge) -> Vec<SubscribeRequest<'_>> {
    let request = |(filter, qos)| SubscribeRequest {
        filter,
        options: options(filter, qos, RetainHandling::Send),
    };
    let routes = bridge.routes.iter();
    routes.filter_map(|route| Some((route.remote_filter()?, route.qos()))).map(request).collect()
}
