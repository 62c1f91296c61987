//! A small reader of pcapng, to see what was written with other eyes.

/// A packet of an interface that carries IP.
pub(super) struct Captured {
    pub(super) nanos: u64,
    pub(super) bytes: Vec<u8>,
    /// What is said of it, or nothing.
    pub(super) comment: String,
}

/// What both ends of a port have said.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) to_broker: Vec<u8>,
    pub(super) to_client: Vec<u8>,
}

fn number(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize
}

/// The comment that is the only option of a packet, if it has one.
fn comment(options: &[u8]) -> String {
    let Some((&[1, 0, low, high], text)) = options.split_first_chunk() else {
        assert!(options.is_empty());
        return String::new();
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    assert_eq!(text[length.next_multiple_of(4)..], [0; 4], "the end of the options");
    String::from_utf8(text[..length].to_vec()).unwrap()
}

/// The packets in a file of one section with one interface.
pub(super) fn packets(file: &[u8]) -> Vec<Captured> {
    let mut rest = file;
    let mut kinds = Vec::new();
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let (kind, length) = (number(rest), number(&rest[4..]));
        assert_eq!(length % 4, 0);
        assert_eq!(number(&rest[length - 4..]), length, "both lengths agree");
        let body = &rest[8..length - 4];
        match kind {
            0x0a0d_0d0a => assert_eq!(number(body), 0x1a2b_3c4d),
            1 => assert_eq!(body[..2], [101, 0], "raw IP"),
            6 => {
                let nanos = (number(&body[4..]) as u64) << 32 | number(&body[8..]) as u64;
                let captured = number(&body[12..]);
                assert_eq!(captured, number(&body[16..]), "nothing is cut");
                let comment = comment(&body[20 + captured.next_multiple_of(4)..]);
                packets.push(Captured { nanos, bytes: body[20..20 + captured].to_vec(), comment });
            }
            other => panic!("block {other}"),
        }
        kinds.push(kind);
        rest = &rest[length..];
    }
    assert_eq!(kinds[..2], [0x0a0d_0d0a, 1]);
    packets
}

/// The data of TCP segments from and to a port of a client.
pub(super) fn streams(packets: &[Captured], port: u16) -> Streams {
    let mut streams = Streams::default();
    let mut last = 0;
    for packet in packets {
        assert!(packet.nanos >= last, "time goes on");
        last = packet.nanos;
        let bytes = &packet.bytes;
        assert_eq!((bytes[0], bytes[9]), (0x45, 6), "IPv4 with TCP");
        assert_eq!(usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), bytes.len());
        let source = u16::from_be_bytes([bytes[20], bytes[21]]);
        let target = u16::from_be_bytes([bytes[22], bytes[23]]);
        match (source, target) {
            (source, 1883) if source == port => streams.to_broker.extend(&bytes[40..]),
            (1883, target) if target == port => streams.to_client.extend(&bytes[40..]),
            other => panic!("{other:?}"),
        }
    }
    streams
}
