//! Cipher suites by their names: those of IANA, which TLS 1.3 has alone, and those of OpenSSL.

use super::provider;
use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// A suite with its names.
type Row = (CipherSuite, &'static str, &'static str);

/// The suites that there are.
const ROWS: &[Row] = &[
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", ""),
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", ""),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", ""),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "ECDHE-RSA-CHACHA20-POLY1305",
    ),
];

/// Cipher suites, the preferred one first; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ciphers {
    suites: Vec<CipherSuite>,
    /// Names in the list that no suite has here.
    pub unknown: Vec<String>,
}

impl Ciphers {
    /// Reads a list of names with colons or commas between them.
    ///
    /// # Errors
    /// In words, when none of them is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut suites, mut unknown) = (Vec::new(), Vec::new());
        for name in text.split([':', ',']).map(str::trim).filter(|name| !name.is_empty()) {
            let is_it =
                |row: &&Row| [row.1, row.2].iter().any(|known| known.eq_ignore_ascii_case(name));
            match ROWS.iter().find(is_it) {
                Some(row) => suites.push(row.0),
                None => unknown.push(name.to_owned()),
            }
        }
        if suites.is_empty() {
            let names: Vec<_> =
                ROWS.iter().map(|row| if row.2.is_empty() { row.1 } else { row.2 }).collect();
            return Err(format!("known are {}", names.join(":")));
        }
        Ok(Self { suites, unknown })
    }

    /// The provider with these suites only.
    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        let all = provider();
        let wanted = self.suites.iter();
        let chosen = wanted
            .filter_map(|wanted| all.cipher_suites.iter().find(|suite| suite.suite() == *wanted));
        let cipher_suites = chosen.copied().collect();
        Arc::new(CryptoProvider { cipher_suites, ..(*all).clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::SupportedCipherSuite;

    #[test]
    fn every_suite_of_the_provider_has_its_names_and_the_order_is_kept() {
        assert_eq!(provider().cipher_suites.len(), ROWS.len());
        for (suite, iana, openssl) in ROWS {
            for name in [iana, openssl].into_iter().filter(|name| !name.is_empty()) {
                let ciphers = Ciphers::parse(&name.to_lowercase()).unwrap();
                assert_eq!(ciphers.provider().cipher_suites[0].suite(), *suite);
            }
        }
        let text = "ECDHE-RSA-AES128-GCM-SHA256:HIGH,TLS_AES_128_GCM_SHA256";
        let ciphers = Ciphers::parse(text).unwrap();
        let suites = ciphers
            .provider()
            .cipher_suites
            .iter()
            .map(SupportedCipherSuite::suite)
            .collect::<Vec<_>>();
        assert_eq!(suites, ciphers.suites);
        assert_eq!(ciphers.unknown, ["HIGH"]);
        assert!(Ciphers::parse("HIGH:!aNULL").unwrap_err().contains("known are TLS_AES_256"));
        assert!(Ciphers::parse("").is_err());
    }
}
