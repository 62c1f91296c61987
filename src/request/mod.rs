//! `mqx rr`: asks somebody behind the broker and prints the answers, or answers.
//!
//! In MQTT 5 a request names the topic for its replies and carries correlation data
//! that they repeat (§4.10). Before that both sides have to know the topic.

pub mod ask;
pub mod serve;
