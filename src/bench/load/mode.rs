//! The modes of `mqx bench` as data: each is a scenario of one or two groups.

use super::{Comeback, Content, Group, Headers, Pattern, Scenario, Stream, Subscription, Wanted};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The whole way: publishers, and subscribers that receive everything.
    #[default]
    PubSub,
    /// Publishing alone.
    Pub,
    /// Receiving what others publish.
    Sub,
    /// Opening connections.
    Conn,
    /// The whole way from one publisher to many subscribers.
    FanOut,
    /// The whole way from many publishers to one subscriber.
    FanIn,
    /// From a request to its answer.
    RequestResponse,
    /// How a shared subscription is spread over its members.
    Shared,
}

/// A mode, its name, and how many publish and subscribe where nobody says.
type Row = (Mode, &'static str, u32, u32);

const ROWS: &[Row] = &[
    (Mode::PubSub, "pubsub", 1, 1),
    (Mode::Pub, "pub", 1, 0),
    (Mode::Sub, "sub", 0, 1),
    (Mode::Conn, "conn", 100, 0),
    (Mode::FanOut, "fanout", 1, 100),
    (Mode::FanIn, "fanin", 100, 1),
    (Mode::RequestResponse, "rr", 1, 1),
    (Mode::Shared, "shared", 1, 4),
];

impl Mode {
    /// Every mode.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.0 == self).expect("every mode has a row")
    }

    /// Its name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Publishers where nobody says how many; of `conn` the connections.
    #[must_use]
    pub fn publishers(self) -> u32 {
        self.row().2
    }

    /// Subscribers where nobody says how many; of `rr` those that answer.
    #[must_use]
    pub fn subscribers(self) -> u32 {
        self.row().3
    }
}

/// The load of a mode, made of the parts of a scenario.
#[derive(Debug, Clone)]
pub struct Load {
    /// What is measured.
    pub mode: Mode,
    /// Connections that publish; in [`Mode::Conn`] those that do nothing.
    pub publishers: u32,
    /// Connections that receive what every publisher sends.
    pub subscribers: u32,
    /// What each publisher sends.
    pub stream: Stream,
    /// What subscribers ask for instead of what the publishers send.
    pub filters: Vec<Pattern>,
    /// When clients come and go, all alike; the rest of it is set by the mode.
    pub clients: Group,
    /// When the run begins and ends; the groups of it are set by the mode.
    pub run: Scenario,
}

impl Default for Load {
    fn default() -> Self {
        let mode = Mode::default();
        Self {
            mode,
            publishers: mode.publishers(),
            subscribers: mode.subscribers(),
            stream: Stream::default(),
            filters: Vec::new(),
            clients: Group { comeback: Comeback::NEVER, ..Group::default() },
            run: Scenario::default(),
        }
    }
}

/// The name of the shared subscriptions that the modes make.
const SHARE: &str = "mqx-bench";

impl From<Load> for Scenario {
    fn from(load: Load) -> Self {
        let groups = match load.mode {
            Mode::Conn => vec![load.group("c", load.publishers)],
            Mode::RequestResponse => vec![load.requesting(), load.answering()],
            Mode::Shared => vec![load.publishing(), load.subscribing(Some(SHARE))],
            _ => vec![load.publishing(), load.subscribing(None)],
        };
        let headers = match load.stream.content {
            Content::Filling { headers, .. } => headers,
            _ => Headers::Mqx,
        };
        Self {
            name: load.mode.name().to_owned(),
            groups: groups.into_iter().filter(|group| group.clients > 0).collect(),
            headers,
            ..load.run
        }
    }
}

impl Load {
    fn group(&self, name: &str, clients: u32) -> Group {
        Group { name: name.to_owned(), clients, ..self.clients.clone() }
    }

    fn publishing(&self) -> Group {
        Group { streams: vec![self.stream.clone()], ..self.group("p", self.publishers) }
    }

    fn subscribing(&self, share: Option<&str>) -> Group {
        let share = share.map(str::to_owned);
        let of = |wanted| Subscription { wanted, qos: self.stream.qos, share: share.clone() };
        let filters = self.filters.iter().cloned().map(Wanted::Filter);
        let mut subscriptions: Vec<_> = filters.map(of).collect();
        if subscriptions.is_empty() {
            subscriptions.push(of(Wanted::Published));
        }
        Group { subscriptions, ..self.group("s", self.subscribers) }
    }

    fn requesting(&self) -> Group {
        let stream = Stream { answered: true, ..self.stream.clone() };
        let answers = Subscription { wanted: Wanted::Answers, qos: stream.qos, share: None };
        Group {
            streams: vec![stream],
            subscriptions: vec![answers],
            ..self.group("p", self.publishers)
        }
    }

    /// Of several each request is for one.
    fn answering(&self) -> Group {
        let share = (self.subscribers > 1).then_some(SHARE);
        Group { answers: true, ..self.subscribing(share) }
    }
}
