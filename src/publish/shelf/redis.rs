//! Messages at a Redis server: a sorted set, by number.
//!
//! Whoever opens the shelf has it from then on. One that had it before, and
//! runs still, is told so when it next changes something; a publisher that was
//! killed keeps nobody waiting. To make a change twice is to make it once,
//! so that it is tried again after a connection broke.

use super::{Shelf, unpack};
use crate::error::{Class, Error, Result};
use crate::mqtt::Message;
use crate::session::Token;
use crate::store::{Address, Failure, Link, broken, patiently, token};
use ::redis::{Cmd, FromRedisValue, cmd, pipe};

/// The bytes before a message, so that equal ones differ.
const NUMBER: usize = size_of::<Token>();

/// A shelf at a server; the last process that opened it has it.
#[derive(Debug)]
pub(super) struct RedisShelf {
    link: Link,
    address: Address,
    /// Who has the shelf: this process.
    owner: String,
}

impl RedisShelf {
    /// Takes the one at `address`, which is made if it is missing.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub(super) fn open(address: &Address) -> Result<Self> {
        let link = Link::new(address)?;
        let mut shelf = Self { link, address: address.clone(), owner: token()? };
        let mut take = cmd("SET");
        take.arg(shelf.owner_key()).arg(&shelf.owner);
        shelf.ask::<()>(&take)?;
        Ok(shelf)
    }

    fn key(&self) -> String {
        self.address.key("outbox")
    }

    fn owner_key(&self) -> String {
        self.address.key("outbox:owner")
    }

    fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T> {
        let asked = command.query(self.link.get()?);
        asked.map_err(|cause| broken(&self.address, cause))
    }

    /// Makes the change if the shelf is still this process's.
    fn attempt(&mut self, added: &[(Token, Vec<u8>)], ended: &[Token]) -> Result<(), Failure> {
        let (key, owner) = (self.key(), self.owner_key());
        let connection = self.link.reach()?;
        let mut look = pipe();
        look.cmd("WATCH").arg(&owner).ignore().get(&owner);
        match look.query::<(Option<String>,)>(connection)?.0 {
            Some(owner) if owner == self.owner => {}
            Some(_) => return Err(Failure::Final("another publisher has taken it")),
            None => return Err(Failure::Final("the server has lost what it had accepted")),
        }
        let mut change = pipe();
        change.atomic();
        for token in ended {
            change.zrembyscore(&key, *token, *token).ignore();
        }
        for (token, message) in added {
            let member = [&token.to_be_bytes(), message.as_slice()].concat();
            change.zadd(&key, member, *token).ignore();
        }
        let made: Option<()> = change.query(connection)?;
        made.ok_or(Failure::Passing(None))
    }
}

impl Shelf for RedisShelf {
    fn change(&mut self, added: &[(Token, Vec<u8>)], ended: &[Token]) -> Result<()> {
        patiently(self, |shelf| &mut shelf.link, |shelf| shelf.attempt(added, ended))
    }

    fn behind(&mut self, token: Token, count: usize) -> Result<Vec<(Token, Message)>> {
        let mut range = cmd("ZRANGEBYSCORE");
        range.arg(self.key()).arg(format!("({token}")).arg("+inf").arg("WITHSCORES");
        range.arg("LIMIT").arg(0).arg(count);
        let rows: Vec<(Vec<u8>, Token)> = self.ask(&range)?;
        let message = |row: &[u8]| unpack(row.get(NUMBER..)?);
        let whole = rows.iter().map(|(row, token)| Some((*token, message(row)?)));
        whole.collect::<Option<_>>().ok_or_else(|| {
            Error::new(Class::File, format!("the store {} is damaged", self.address))
        })
    }

    fn extent(&mut self) -> Result<(Token, u64)> {
        let mut last = cmd("ZREVRANGE");
        last.arg(self.key()).arg(0).arg(0).arg("WITHSCORES");
        let last: Vec<(Vec<u8>, Token)> = self.ask(&last)?;
        let mut count = cmd("ZCARD");
        count.arg(self.key());
        Ok((last.first().map_or(0, |(_, token)| *token), self.ask(&count)?))
    }
}
