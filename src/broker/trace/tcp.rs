//! TCP and IP around the bytes of a connection, as they would have been on the
//! wire: Wireshark reads MQTT from TCP alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of data in one segment, so that its length fits into an IPv4 header.
const SEGMENT: usize = 65_000;

/// The port that the broker seems to have: Wireshark knows it is MQTT's.
const PORT: u16 = 1883;

/// TCP in an IP header, and how far the packet may go.
const PROTOCOL: u8 = 6;
const TTL: u8 = 64;

/// TCP's flags (RFC 9293 §3.1).
mod flag {
    pub(super) const FIN: u8 = 0x01;
    pub(super) const SYN: u8 = 0x02;
    pub(super) const PSH: u8 = 0x08;
    pub(super) const ACK: u8 = 0x10;
}

/// Both ends of a connection, and how far each has got.
pub(super) struct Stream {
    client: SocketAddr,
    broker: SocketAddr,
    /// The next sequence number of the client and of the broker.
    next: [u32; 2],
}

/// Whose segment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Broker,
}

impl Stream {
    /// A connection from this address. One that has none, as that of a Unix
    /// socket, gets one by its number.
    pub(super) fn new(address: Option<SocketAddr>, number: u64) -> Self {
        let port = u16::try_from(1024 + number % 60_000).unwrap_or(1024);
        let client = address.unwrap_or_else(|| (Ipv4Addr::new(127, 0, 0, 2), port).into());
        let broker: IpAddr = match client {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        Self { client, broker: (broker, PORT).into(), next: [0, 0] }
    }

    /// The three segments that open the connection.
    pub(super) fn open(&mut self) -> [Vec<u8>; 3] {
        let syn = self.segment(Sender::Client, flag::SYN, &[]);
        let answer = self.segment(Sender::Broker, flag::SYN | flag::ACK, &[]);
        [syn, answer, self.segment(Sender::Client, flag::ACK, &[])]
    }

    /// The segments that carry `data`.
    pub(super) fn send(&mut self, from: Sender, data: &[u8]) -> Vec<Vec<u8>> {
        let parts = data.chunks(SEGMENT);
        parts.map(|part| self.segment(from, flag::PSH | flag::ACK, part)).collect()
    }

    /// A segment of the broker that carries nothing.
    pub(super) fn acknowledge(&mut self) -> Vec<u8> {
        self.segment(Sender::Broker, flag::ACK, &[])
    }

    /// The three segments that close the connection.
    pub(super) fn close(&mut self) -> [Vec<u8>; 3] {
        let fin = flag::FIN | flag::ACK;
        let first = self.segment(Sender::Broker, fin, &[]);
        let second = self.segment(Sender::Client, fin, &[]);
        [first, second, self.segment(Sender::Broker, flag::ACK, &[])]
    }

    /// An IP packet with one segment.
    fn segment(&mut self, from: Sender, flags: u8, data: &[u8]) -> Vec<u8> {
        let [client, broker] = &mut self.next;
        let (source, target, own, other) = match from {
            Sender::Client => (self.client, self.broker, client, *broker),
            Sender::Broker => (self.broker, self.client, broker, *client),
        };
        let mut tcp = Vec::with_capacity(20 + data.len());
        tcp.extend(source.port().to_be_bytes());
        tcp.extend(target.port().to_be_bytes());
        tcp.extend(own.to_be_bytes());
        let acknowledged = if flags & flag::ACK == 0 { 0 } else { other };
        tcp.extend(acknowledged.to_be_bytes());
        // Five words of header, the largest window, no checksum yet, nothing urgent.
        tcp.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(data);
        let counted = u32::from(flags & (flag::SYN | flag::FIN) != 0);
        *own = own.wrapping_add(u32::try_from(data.len()).unwrap_or(0)).wrapping_add(counted);
        match (source.ip(), target.ip()) {
            (IpAddr::V4(source), IpAddr::V4(target)) => in_v4(source, target, tcp),
            (source, target) => in_v6(v6(source), v6(target), tcp),
        }
    }
}

const fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

fn in_v4(source: Ipv4Addr, target: Ipv4Addr, mut tcp: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(tcp.len()).unwrap_or(u16::MAX);
    let addresses = [source.octets(), target.octets()].concat();
    let pseudo = [&addresses[..], &[0, PROTOCOL], &length.to_be_bytes()].concat();
    put_checksum(&mut tcp, 16, &pseudo);
    let [high, low] = length.saturating_add(20).to_be_bytes();
    let mut packet = vec![0x45, 0, high, low, 0, 0, 0x40, 0, TTL, PROTOCOL, 0, 0];
    packet.extend(addresses);
    put_checksum(&mut packet, 10, &[]);
    packet.append(&mut tcp);
    packet
}

fn in_v6(source: Ipv6Addr, target: Ipv6Addr, mut tcp: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(tcp.len()).unwrap_or(u32::MAX).to_be_bytes();
    let addresses = [source.octets(), target.octets()].concat();
    let pseudo = [&addresses[..], &length, &[0, 0, 0, PROTOCOL]].concat();
    put_checksum(&mut tcp, 16, &pseudo);
    let [_, _, high, low] = length;
    let mut packet = vec![0x60, 0, 0, 0, high, low, PROTOCOL, TTL];
    packet.extend(addresses);
    packet.append(&mut tcp);
    packet
}

/// Puts the checksum over `pseudo` and `bytes` into these, at `place`.
fn put_checksum(bytes: &mut [u8], place: usize, pseudo: &[u8]) {
    let sum = checksum(&[pseudo, bytes]).to_be_bytes();
    if let Some(place) = bytes.get_mut(place..place + 2) {
        place.copy_from_slice(&sum);
    }
}

/// The checksum of the internet (RFC 1071) over parts, of which only the last
/// may have an odd length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum = words.fold(0_u64, |sum, word| {
        let high = u64::from(word.first().copied().unwrap_or(0)) << 8;
        sum + high + u64::from(word.get(1).copied().unwrap_or(0))
    });
    let fold = |sum: u64| (sum & 0xffff) + (sum >> 16);
    !u16::try_from(fold(fold(sum))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        assert_eq!(checksum(&[&[0x00, 0x01, 0xf2, 0x03], &[0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2);
    }

    #[test]
    fn headers_add_up_to_nothing_as_a_receiver_checks_them() {
        let mut stream = Stream::new("192.0.2.7:4711".parse().ok(), 1);
        stream.open();
        let packet = stream.send(Sender::Client, b"odd").remove(0);
        assert_eq!(checksum(&[&packet[..20]]), 0);
        let pseudo = [&packet[12..20], &[0, PROTOCOL, 0, 23]].concat();
        assert_eq!(checksum(&[&pseudo, &packet[20..]]), 0);
        assert_eq!(packet[24..32], [0, 0, 0, 1, 0, 0, 0, 1], "behind both SYN");
    }

    #[test]
    fn much_data_is_many_segments_one_behind_the_other() {
        let mut stream = Stream::new("[2001:db8::1]:5".parse().ok(), 1);
        stream.open();
        let packets = stream.send(Sender::Broker, &vec![7; SEGMENT + 1]);
        assert_eq!(packets.len(), 2);
        assert_eq!(packets[0][44..48], 1_u32.to_be_bytes());
        assert_eq!(packets[1][44..48], 65_001_u32.to_be_bytes());
        assert_eq!(packets[1][0] >> 4, 6);
    }
}
