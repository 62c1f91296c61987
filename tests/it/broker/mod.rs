//! The broker: its core with bytes and a virtual clock, then over sockets.
//!
//! A test named after a number checks that statement of the standard's list.

mod acl;
mod admission;
mod aliases;
mod archive;
mod authenticate;
mod configured;
mod connect;
mod counters;
mod delivery;
mod entrance;
mod events;
mod hooks;
mod http;
mod identity;
mod lab;
mod limits;
mod listeners;
mod log;
mod malformed;
mod mutants;
mod proxied;
mod reasons;
mod reload;
mod restart;
mod retained;
mod sessions;
mod shared;
mod shares;
mod slow;
mod soak;
mod sockets;
mod statements;
mod store;
mod subscribe;
mod sys;
mod time;
mod tls;
mod tokens;
mod trace;
mod traps;
mod turned_away;
mod unix;
mod websocket;
mod wills;
