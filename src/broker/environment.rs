//! The broker's addresses as variables in the environment of a command.

use super::address::Address;
use std::ffi::{OsStr, OsString};
use std::path::{Path, absolute};

/// A variable, and its value if it has one: a command is to have no other.
pub(super) type Variable = (&'static str, Option<OsString>);

/// Every variable there is. The first address of a kind counts; the host and
/// the port are those of bare MQTT if that is spoken, else those under TLS.
/// `MQX_BROKER` is where the clients of mqx then go, and what would lead them
/// elsewhere has no value.
pub(super) fn variables(addresses: &[Address]) -> [Variable; 13] {
    let near: Vec<_> = addresses.iter().cloned().map(Address::into_reachable).collect();
    let first = |wanted: fn(&Address) -> bool| near.iter().find(|address| wanted(address));
    let mqtt = first(|address| matches!(address, Address::Mqtt { tls: false, .. }));
    let mqtts = first(|address| matches!(address, Address::Mqtt { tls: true, .. }));
    let ws = first(|address| matches!(address, Address::WebSocket { tls: false, .. }));
    let wss = first(|address| matches!(address, Address::WebSocket { tls: true, .. }));
    let http = first(|address| matches!(address, Address::Http { .. }));
    let socket = mqtt.or(mqtts).and_then(Address::socket);
    let unix = near.iter().find_map(unix);
    let url = |address: Option<&Address>| address.map(|address| address.to_string().into());
    [
        ("MQTT_URL", url(mqtt)),
        ("MQTTS_URL", url(mqtts)),
        ("MQTT_WS_URL", url(ws)),
        ("MQTT_WSS_URL", url(wss)),
        ("MQTT_HOST", socket.map(|socket| socket.ip().to_string().into())),
        ("MQTT_PORT", socket.map(|socket| socket.port().to_string().into())),
        // The ports of MQTT answer HTTP too.
        ("MQX_API", http.or(mqtt).or(mqtts).and_then(api)),
        (
            "MQX_BROKER",
            url(mqtt.or(mqtts).or(ws).or(wss)).or_else(|| unix.as_deref().map(unix_url)),
        ),
        ("MQX_HOST", None),
        ("MQX_PORT", None),
        ("MQX_UNIX", None),
        ("MQX_PROFILE", None),
        ("MQTT_UNIX", unix),
    ]
}

/// The path of a Unix socket, wherever the command goes.
fn unix(address: &Address) -> Option<OsString> {
    let Address::Unix(path) = address else { return None };
    let path: &Path = path;
    Some(absolute(path).map_or_else(|_| path.into(), OsString::from))
}

/// It as a URL, as `-b` takes one.
fn unix_url(path: &OsStr) -> OsString {
    let mut url = OsString::from("unix://");
    url.push(path);
    url
}

fn api(address: &Address) -> Option<OsString> {
    match *address {
        Address::Mqtt { tls, socket } | Address::Http { tls, socket } => {
            Some(Address::Http { tls, socket }.to_string().into())
        }
        Address::WebSocket { .. } | Address::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(addresses: &[Address]) -> Vec<String> {
        let said = variables(addresses).into_iter();
        said.filter_map(|(name, value)| Some(format!("{name}={}", value?.into_string().ok()?)))
            .collect()
    }

    #[test]
    fn an_address_that_stands_for_all_is_named_by_one_that_can_be_reached() {
        let mqtt = |tls, at: &str| Address::Mqtt { tls, socket: at.parse().unwrap() };
        assert_eq!(
            said(&[mqtt(false, "0.0.0.0:18"), mqtt(true, "0.0.0.0:19")]),
            [
                "MQTT_URL=mqtt://127.0.0.1:18",
                "MQTTS_URL=mqtts://127.0.0.1:19",
                "MQTT_HOST=127.0.0.1",
                "MQTT_PORT=18",
                "MQX_API=http://127.0.0.1:18",
                "MQX_BROKER=mqtt://127.0.0.1:18",
            ]
        );
        assert_eq!(
            said(&[mqtt(true, "[::]:8883")]),
            [
                "MQTTS_URL=mqtts://[::1]:8883",
                "MQTT_HOST=::1",
                "MQTT_PORT=8883",
                "MQX_API=https://[::1]:8883",
                "MQX_BROKER=mqtts://[::1]:8883",
            ]
        );
    }

    #[test]
    fn every_kind_of_address_has_its_variable_and_others_have_none() {
        let socket = "127.0.0.1:80".parse().unwrap();
        let ws = |tls| Address::WebSocket { tls, socket, path: "/mqtt".into() };
        let unix = Address::Unix(Path::new("/run/mqtt.sock").into());
        let http = Address::Http { tls: false, socket };
        assert_eq!(
            said(&[unix, ws(false), ws(true), http]),
            [
                "MQTT_WS_URL=ws://127.0.0.1:80/mqtt",
                "MQTT_WSS_URL=wss://127.0.0.1:80/mqtt",
                "MQX_API=http://127.0.0.1:80",
                "MQX_BROKER=ws://127.0.0.1:80/mqtt",
                "MQTT_UNIX=/run/mqtt.sock",
            ]
        );
        assert_eq!(
            said(&[Address::Unix(Path::new("/run/mqtt.sock").into())]),
            ["MQX_BROKER=unix:///run/mqtt.sock", "MQTT_UNIX=/run/mqtt.sock"]
        );
        assert_eq!(said(&[]), [""; 0]);
    }
}
