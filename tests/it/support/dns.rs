//! A DNS server that knows the SRV records of one name.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;

/// A server that answers each question for SRV records with the same ones.
pub(crate) struct Dns {
    socket: UdpSocket,
    /// Priority, weight, port and target of each.
    records: Vec<(u16, u16, u16, &'static str)>,
}

impl Dns {
    pub(crate) async fn bind(records: Vec<(u16, u16, u16, &'static str)>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { socket, records }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Answers one question and returns the name that it is about.
    pub(crate) async fn answer(&self) -> String {
        let mut question = [0; 512];
        let (length, asker) = self.socket.recv_from(&mut question).await.unwrap();
        let (name, end) = name(&question[..length]);
        // A response, with recursion; a name that is not there without records (RFC 1035, 4.1.1).
        let reason = if self.records.is_empty() { 3 } else { 0 };
        let count = u8::try_from(self.records.len()).unwrap();
        let mut answer = question[..2].to_vec();
        answer.extend_from_slice(&[0x81, 0x80 | reason, 0, 1, 0, count, 0, 0, 0, 0]);
        answer.extend_from_slice(&question[12..end + 4]);
        for (priority, weight, port, target) in &self.records {
            let mut data = [priority, weight, port].map(|number| number.to_be_bytes()).concat();
            for label in target.split('.') {
                data.push(u8::try_from(label.len()).unwrap());
                data.extend_from_slice(label.as_bytes());
            }
            data.push(0);
            // The name asked for, SRV, IN, for a minute.
            answer.extend_from_slice(&[0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
            answer.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
            answer.extend(data);
        }
        self.socket.send_to(&answer, asker).await.unwrap();
        name
    }
}

/// The name in a question, and where it ends.
fn name(question: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    (labels.join("."), at + 1)
}
