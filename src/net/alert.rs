//! What a TLS alert from the other side means: to the person at the client, and
//! to the one who runs the server.

use rustls::AlertDescription;

/// One row of a table: an alert, what it says about whoever sent it, the cure.
#[derive(Debug)]
pub(super) struct Meaning {
    alert: AlertDescription,
    /// A phrase that can follow "TLS with host:port failed: ".
    pub(super) what: &'static str,
    pub(super) hint: &'static str,
}

/// A client that has no certificate to show.
const CERTIFICATE_REQUIRED: Meaning = Meaning {
    alert: AlertDescription::CertificateRequired,
    what: "the server asks for a client certificate",
    hint: "give one that the server's CA has signed, with --cert CRT --key KEY",
};

/// Alerts that say something about the certificate the client showed.
const ABOUT_CLIENT_CERTIFICATE: &[Meaning] = &[
    Meaning {
        alert: AlertDescription::UnknownCA,
        what: "the server does not trust the CA of the client certificate",
        hint: "the certificate given with --cert must be signed by the CA the server was given \
               (`mqx broker --cafile`)",
    },
    Meaning {
        alert: AlertDescription::BadCertificate,
        what: "the server rejects the client certificate",
        hint: "the server's log says why; `mqx certs init` makes a certificate that fits",
    },
    Meaning {
        alert: AlertDescription::UnsupportedCertificate,
        what: "the server says the client certificate is of the wrong kind",
        hint: "it must be a certificate for clients (extended key usage clientAuth), \
               not one for servers",
    },
    Meaning {
        alert: AlertDescription::CertificateUnknown,
        what: "the server rejects the client certificate",
        hint: "the server's log says why",
    },
    Meaning {
        alert: AlertDescription::CertificateExpired,
        what: "the client certificate has expired or is not valid yet for the server",
        hint: "make a new one, or check the clocks of both machines",
    },
    Meaning {
        alert: AlertDescription::CertificateRevoked,
        what: "the client certificate has been revoked",
        hint: "ask the server's operator for a new one",
    },
    Meaning {
        alert: AlertDescription::AccessDenied,
        what: "the server knows the client certificate and denies it access",
        hint: "ask the server's operator to allow it",
    },
];

/// Alerts about anything else.
const ABOUT_THE_HANDSHAKE: &[Meaning] = &[
    CERTIFICATE_REQUIRED,
    Meaning {
        alert: AlertDescription::DecryptError,
        what: "the server could not verify a signature of this client",
        hint: "check that the CA the server was given is the one that signed the file given \
               with --cert",
    },
    Meaning {
        alert: AlertDescription::HandshakeFailure,
        what: "the server found nothing in common with this client",
        hint: "it may allow only other versions or ciphers of TLS, or ask for a client \
               certificate (--cert CRT --key KEY)",
    },
    Meaning {
        alert: AlertDescription::ProtocolVersion,
        what: "the server speaks no version of TLS that this client offers",
        hint: "allow TLS 1.2 or TLS 1.3 on the server, or leave out --tls-version",
    },
    Meaning {
        alert: AlertDescription::InsufficientSecurity,
        what: "the server asks for stronger ciphers than this client offers",
        hint: "allow an AES-GCM or ChaCha20 cipher on the server",
    },
    Meaning {
        alert: AlertDescription::UnrecognisedName,
        what: "the server has no certificate for this host name",
        hint: "connect with the name the server is configured for",
    },
    Meaning {
        alert: AlertDescription::NoApplicationProtocol,
        what: "the server speaks none of the application protocols offered",
        hint: "check that the port is an MQTT port",
    },
    Meaning {
        alert: AlertDescription::InternalError,
        what: "the server failed inside (alert internal_error)",
        hint: "the server's log says why",
    },
];

/// What clients say.
const BY_A_CLIENT: &[Meaning] = &[
    Meaning {
        alert: AlertDescription::UnknownCA,
        what: "the client does not trust the CA of this certificate",
        hint: "give the client the CA that has signed the certificate in --cert",
    },
    Meaning {
        alert: AlertDescription::BadCertificate,
        what: "the client rejects this certificate",
        hint: NAME,
    },
    Meaning {
        alert: AlertDescription::CertificateUnknown,
        what: "the client rejects this certificate",
        hint: NAME,
    },
    Meaning {
        alert: AlertDescription::UnsupportedCertificate,
        what: "the client says this certificate is of the wrong kind",
        hint: "it must be one for servers (extended key usage serverAuth)",
    },
    Meaning {
        alert: AlertDescription::CertificateExpired,
        what: "this certificate has expired or is not valid yet for the client",
        hint: "make a new one, or check the clocks of both machines",
    },
    Meaning {
        alert: AlertDescription::CertificateRevoked,
        what: "this certificate has been revoked, says the client",
        hint: "put a new one in --cert",
    },
    Meaning {
        alert: AlertDescription::ProtocolVersion,
        what: "the client speaks neither TLS 1.2 nor TLS 1.3",
        hint: "allow TLS 1.2 or TLS 1.3 in the client",
    },
    Meaning {
        alert: AlertDescription::HandshakeFailure,
        what: "the client found nothing in common with this server",
        hint: "allow AES-GCM or ChaCha20 ciphers of TLS 1.2 or TLS 1.3 in the client",
    },
];

/// Why clients mostly reject a certificate whose CA they trust.
const NAME: &str = "the client must trust the CA that has signed it, and connect by a name that \
                    is in it; its own log says what it misses";

/// The meaning of an alert that a client has sent.
pub(super) fn by_client(alert: AlertDescription) -> Option<&'static Meaning> {
    BY_A_CLIENT.iter().find(|row| row.alert == alert)
}

/// The meaning of an alert for a client that showed a certificate or did not.
pub(super) fn meaning(
    alert: AlertDescription,
    showed_certificate: bool,
) -> Option<&'static Meaning> {
    let of = |table: &'static [Meaning]| table.iter().find(|row| row.alert == alert);
    match of(ABOUT_CLIENT_CERTIFICATE) {
        None => of(ABOUT_THE_HANDSHAKE),
        // Not every TLS library has the alert certificate_required; without a
        // certificate the others can only be about the missing one.
        Some(_) if !showed_certificate => Some(&CERTIFICATE_REQUIRED),
        some => some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_certificate_that_was_never_shown_is_a_missing_one() {
        let shown = meaning(AlertDescription::BadCertificate, true).unwrap();
        assert!(shown.what.contains("rejects the client certificate"));
        let missing = meaning(AlertDescription::BadCertificate, false).unwrap();
        assert!(missing.what.contains("asks for a client certificate"));
    }

    #[test]
    fn no_alert_has_two_rows() {
        let by_server: Vec<_> =
            ABOUT_CLIENT_CERTIFICATE.iter().chain(ABOUT_THE_HANDSHAKE).collect();
        for rows in [by_server, BY_A_CLIENT.iter().collect()] {
            for row in &rows {
                assert_eq!(rows.iter().filter(|other| other.alert == row.alert).count(), 1);
            }
        }
    }
}
