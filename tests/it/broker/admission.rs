//! What clients must be like at a listener: their version and their identifier.

use super::lab::{Lab, hello};
use mqx::broker::core::{Admission, Entrance, Limits};
use mqx::mqtt::{Connect, Version};

fn demanding(admission: Admission) -> Lab {
    let mut lab = Lab::with(Limits::default());
    lab.set_entrance(Entrance { admission, ..Entrance::default() });
    lab
}

/// What a client is answered, up to the properties.
fn answered(lab: &mut Lab, connect: &Connect<'_>) -> Vec<u8> {
    let mut answer = lab.connect(connect).take();
    answer.truncate(4);
    answer
}

#[test]
fn only_the_versions_that_are_named_are_taken() {
    let versions = vec![Version::V31, Version::V5];
    let mut lab = demanding(Admission { versions, ..Admission::default() });
    assert_eq!(answered(&mut lab, &hello(Version::V31, "a")), [0x20, 2, 0, 0]);
    assert_eq!(answered(&mut lab, &hello(Version::V311, "a")), [0x20, 2, 0, 1]);
    assert_eq!(answered(&mut lab, &hello(Version::V5, "a"))[3], 0);
    let versions = vec![Version::V311];
    let mut lab = demanding(Admission { versions, ..Admission::default() });
    assert_eq!(answered(&mut lab, &hello(Version::V5, "a"))[3], 0x84);
}

#[test]
fn a_client_without_an_identifier_gets_one_with_the_prefix_or_is_refused() {
    let mut lab = demanding(Admission { auto_id_prefix: "dev-".into(), ..Admission::default() });
    let connack = lab.connect(&hello(Version::V5, "")).take();
    assert!(connack.windows(4).any(|part| part == b"dev-"), "{connack:02x?}");
    let mut lab = demanding(Admission { empty_client_id: false, ..Admission::default() });
    assert_eq!(answered(&mut lab, &hello(Version::V5, ""))[3], 0x85);
    assert_eq!(answered(&mut lab, &hello(Version::V311, "")), [0x20, 2, 0, 2]);
    assert_eq!(answered(&mut lab, &hello(Version::V311, "a")), [0x20, 2, 0, 0]);
}

#[test]
fn identifiers_begin_with_the_prefix_and_so_do_those_that_are_given() {
    let prefix = || Admission { client_id_prefix: "dev-".into(), ..Admission::default() };
    let mut lab = demanding(prefix());
    assert_eq!(answered(&mut lab, &hello(Version::V311, "dev-1")), [0x20, 2, 0, 0]);
    assert_eq!(answered(&mut lab, &hello(Version::V311, "1-dev-")), [0x20, 2, 0, 2]);
    assert_eq!(answered(&mut lab, &hello(Version::V5, ""))[3], 0x85);
    let mut lab = demanding(Admission { auto_id_prefix: "dev-".into(), ..prefix() });
    assert_eq!(answered(&mut lab, &hello(Version::V5, ""))[3], 0);
}
