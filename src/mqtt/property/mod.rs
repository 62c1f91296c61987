//! The properties of MQTT 5.0 (§2.2.2).
//!
//! [`identifier`] says what exists and [`sets`] what each packet may carry; both
//! are tables. [`set`] makes code of the tables, [`value`] knows the types of
//! values and [`repeated`] those that come more than once.

mod identifier;
mod owned;
mod repeated;
mod set;
mod sets;
mod value;

pub use owned::MessageProperties;
pub use repeated::{PropertyBuf, SubscriptionIds, UserProperties};
pub use sets::{
    AckProperties, AuthProperties, ConnAckProperties, ConnectProperties, DisconnectProperties,
    PublishProperties, SubscribeProperties, UnsubscribeProperties, WillProperties,
};
pub use value::{PropertyValue, SubscriptionId, TopicAlias};
