//! Bytes written as hex, as test data and expectations hold them.

/// The bytes of `text`; spaces are ignored.
///
/// # Panics
/// When anything else is not a pair of hex digits.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2).expect("pairs of digits"))
        .map(|pair| u8::from_str_radix(pair, 16).expect("hex digits"))
        .collect()
}

/// `bytes` as hex.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
