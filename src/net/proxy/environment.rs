//! The proxy that the environment names, and the hosts it is not for.

use std::net::IpAddr;

/// The URL of the proxy for a connection to `host`, which is asked for by the
/// variables in this order; the first that is set counts, and an empty one
/// stands for none. `NO_PROXY` and this machine itself are left out.
pub fn from_environment(
    names: &[&str],
    host: &str,
    port: u16,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let found = names.iter().find_map(|name| variable(name)).filter(|url| !url.is_empty())?;
    let exempt = ["NO_PROXY", "no_proxy"].iter().find_map(|name| variable(name));
    let left_out = is_this_machine(host) || is_exempt(&exempt.unwrap_or_default(), host, port);
    (!left_out).then_some(found)
}

fn is_this_machine(host: &str) -> bool {
    let by_address = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    by_address || host.eq_ignore_ascii_case("localhost")
}

/// Whether a list as in `NO_PROXY` has this host: `*`, names with all below
/// them, addresses and networks (`10.0.0.0/8`), each with a port or for all.
#[must_use]
pub fn is_exempt(list: &str, host: &str, port: u16) -> bool {
    let entries = list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    let mut entries = entries.map(with_port);
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    entries.any(|(entry, only)| only.is_none_or(|only| only == port) && covers(entry, &host))
}

/// An entry without its port, and the port.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    let split =
        entry.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    match split.and_then(|(host, port)| Some((host, port.parse().ok()?))) {
        Some((host, port)) => (host, Some(port)),
        None => (entry, None),
    }
}

fn covers(entry: &str, host: &str) -> bool {
    let entry = entry.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if entry == "*" {
        return true;
    }
    if let Ok(address) = host.parse() {
        return covers_address(&entry, address);
    }
    let entry = entry.trim_start_matches('*').trim_matches('.');
    let start = host.strip_suffix(entry).filter(|_| !entry.is_empty());
    start.is_some_and(|start| start.is_empty() || start.ends_with('.'))
}

fn covers_address(entry: &str, host: IpAddr) -> bool {
    let (network, length) = entry.split_once('/').unwrap_or((entry, "128"));
    let length: Option<u32> = length.parse().ok();
    let Some((network, length)) = network.parse::<IpAddr>().ok().zip(length) else {
        return false;
    };
    let (network, host, bits) = match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) => {
            (network.to_bits().into(), host.to_bits().into(), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(host)) => (network.to_bits(), host.to_bits(), 128),
        _ => return false,
    };
    agree_before(network, host, bits - length.min(bits))
}

/// Whether all bits before the last `free` are the same.
fn agree_before(one: u128, other: u128, free: u32) -> bool {
    (one ^ other).checked_shr(free).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_cover_what_is_below_them_and_networks_what_is_in_them() {
        for (list, host, exempt) in [
            ("", "h", false),
            ("*", "h", true),
            ("*", "10.0.0.1", true),
            ("a.org", "a.org", true),
            ("a.org", "b.a.org", true),
            (".a.org", "b.a.org", true),
            ("*.a.org", "b.A.org.", true),
            ("a.org", "ba.org", false),
            ("x, a.org", "a.org", true),
            ("a.org:1883", "a.org", true),
            ("a.org:1884", "a.org", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("0.0.0.0/0", "11.1.2.3", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1:1883", "10.0.0.1", true),
            ("10.0.0.1", "110.0.0.1", false),
            ("::1", "::1", true),
            ("[fe80::1]:1883", "fe80::1", true),
            ("fe80::/10", "fe80::9", true),
            ("::/0", "fe80::9", true),
            ("fe80::/10", "10.0.0.1", false),
            ("10.0.0.0/x", "10.0.0.1", false),
        ] {
            assert_eq!(is_exempt(list, host, 1883), exempt, "{list:?} {host}");
        }
    }

    fn found(variables: &[(&str, &str)], host: &str) -> Option<String> {
        let variable = |wanted: &str| {
            let row = variables.iter().find(|(name, _)| *name == wanted);
            row.map(|(_, value)| (*value).to_owned())
        };
        from_environment(&["HTTPS_PROXY", "ALL_PROXY"], host, 1883, variable)
    }

    #[test]
    fn the_first_variable_counts_and_this_machine_needs_no_proxy() {
        let both = [("ALL_PROXY", "socks5://a"), ("HTTPS_PROXY", "http://b")];
        assert_eq!(found(&both, "h").as_deref(), Some("http://b"));
        assert_eq!(found(&both[..1], "h").as_deref(), Some("socks5://a"));
        for host in ["localhost", "127.0.0.9", "::1"] {
            assert_eq!(found(&both, host), None, "{host}");
        }
        assert_eq!(found(&[("HTTPS_PROXY", ""), ("ALL_PROXY", "http://b")], "h"), None);
        assert_eq!(found(&[("ALL_PROXY", "http://b"), ("no_proxy", "h")], "h"), None);
        assert_eq!(found(&[], "h"), None);
    }

    proptest! {
        #[test]
        fn any_list_can_be_read(list: String, host: String, port: u16) {
            let _ = is_exempt(&list, &host, port);
        }
    }
}
