//! Any payload on any topic, in each format that needs no schema and as what its
//! topic says: no panic, no stack that runs out, no memory that fills.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::decode::{Codec, Decoder, Rule, Schemas};
use mqx::mqtt::Publish;

fuzz_target!(|input: (&str, Vec<&[u8]>)| {
    let (topic, payloads) = input;
    let codecs = Codec::ALL.iter().map(|row| Some(row.1)).chain([None]);
    for codec in codecs {
        let mut decoder = Decoder::new(vec![Rule { topics: None, codec }], Schemas::default());
        for payload in &payloads {
            let publish = Publish { topic, payload, ..Publish::default() };
            let _ = decoder.decode(&publish);
        }
    }
});
