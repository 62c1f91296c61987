//! From when until when a certificate is valid, in words.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

/// The first and the last second in which a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Validity {
    /// What the certificate says; nothing if it cannot be read.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        let validity = parsed.validity();
        Some(Self {
            not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        })
    }

    /// Why the certificate is not valid at `now`, as a phrase that follows its
    /// name; nothing if it is valid.
    pub(super) fn problem(&self, now: Timestamp) -> Option<String> {
        if now > self.not_after {
            Some(format!("expired on {}", date(self.not_after)))
        } else if now < self.not_before {
            Some(format!("is not valid before {}", date(self.not_before)))
        } else {
            None
        }
    }
}

/// A moment to the minute, as `2030-01-31 23:59 UTC`.
#[must_use]
pub fn date(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn both_ends_of_the_validity_are_valid_moments() {
        let validity = Validity { not_before: at(60), not_after: at(120) };
        assert_eq!(validity.problem(at(60)), None);
        assert_eq!(validity.problem(at(120)), None);
        let early = validity.problem(at(59)).unwrap();
        assert_eq!(early, "is not valid before 1970-01-01 00:01 UTC");
        let late = validity.problem(at(121)).unwrap();
        assert_eq!(late, "expired on 1970-01-01 00:02 UTC");
    }

    #[test]
    fn bytes_that_are_no_certificate_have_no_validity() {
        assert_eq!(Validity::of(&CertificateDer::from(vec![0x30, 0x03, 1])), None);
    }
}
