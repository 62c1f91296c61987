//! A session's profile as bytes. Every version of mqx since the first reads what
//! an earlier one has written: what is new comes with a flag of its own.

use super::rows::{message, moment, put_message, put_moment};
use crate::broker::core::{Presence, Profile, Realm, StoredWill};
use crate::mqtt::Error;
use crate::mqtt::wire::{Reader, put_binary, put_u32};

mod flag {
    pub(super) const USER: u8 = 0x01;
    pub(super) const ONLINE: u8 = 0x02;
    pub(super) const WILL: u8 = 0x04;
    pub(super) const RULES: u8 = 0x40;
    pub(super) const MOUNTED: u8 = 0x80;
}

/// Appends a profile.
///
/// # Errors
/// When a text in it is longer than MQTT allows.
pub(super) fn put(profile: &Profile, out: &mut Vec<u8>) -> Result<(), Error> {
    let Profile { client_id, user, realm, expiry_interval, presence, will } = profile;
    let rules = realm.as_ref().and_then(|realm| realm.rules.as_ref());
    let mount = realm.as_ref().map(|realm| &realm.mount_point);
    let mount = mount.filter(|mount| !mount.is_empty());
    let flags = [
        (user.is_some(), flag::USER),
        (*presence == Presence::Online, flag::ONLINE),
        (will.is_some(), flag::WILL),
        (rules.is_some(), flag::RULES),
        (mount.is_some(), flag::MOUNTED),
    ];
    out.push(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum());
    put_binary(out, client_id.as_bytes())?;
    put_binary(out, user.as_deref().unwrap_or_default().as_bytes())?;
    put_u32(out, *expiry_interval);
    let expires = match presence {
        Presence::Online => None,
        Presence::Offline(expires) => *expires,
    };
    put_moment(out, expires);
    for name in [rules, mount].into_iter().flatten() {
        put_binary(out, name.as_bytes())?;
    }
    if let Some(StoredWill { message, delay, due }) = will {
        put_u32(out, *delay);
        put_moment(out, *due);
        put_message(message, out)?;
    }
    Ok(())
}

/// Reads a profile.
///
/// # Errors
/// When these are no bytes of one.
pub(super) fn read(from: &mut Reader<'_>) -> Result<Profile, Error> {
    let flags = from.u8()?;
    let client_id = from.string()?.into();
    let user = from.string()?;
    let expiry_interval = from.u32()?;
    let expires = moment(from)?;
    let online = flags & flag::ONLINE != 0;
    let mut name = |of: u8| -> Result<Option<Box<str>>, Error> {
        if flags & of == 0 { Ok(None) } else { Ok(Some(from.string()?.into())) }
    };
    let (rules, mount) = (name(flag::RULES)?, name(flag::MOUNTED)?);
    let will = if flags & flag::WILL == 0 {
        None
    } else {
        Some(StoredWill { delay: from.u32()?, due: moment(from)?, message: message(from)? })
    };
    Ok(Profile {
        client_id,
        user: (flags & flag::USER != 0).then(|| user.into()),
        realm: Realm::new(rules, mount.unwrap_or_default()),
        expiry_interval,
        presence: if online { Presence::Online } else { Presence::Offline(expires) },
        will,
    })
}
