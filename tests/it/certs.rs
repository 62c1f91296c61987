//! `mqx certs init`, and TLS with what it makes: every handshake that must work
//! works, and every one that must not says why and what to do.

use mqx::certs::{self, Config};
use mqx::error::{Class, Error};
use mqx::net::{
    Endpoint, Stream, TlsClient, TlsClientOptions, TlsServerOptions, Trust, connect, explain,
    tls_server,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::*;

const FILES: [&str; 6] = [
    "ca.crt",
    "ca.key",
    "server.crt",
    "server.key",
    "client.crt",
    "client.key",
];
const LIMIT: Duration = Duration::from_secs(10);

/// The error with its causes and its hint, as the person reads it.
fn said(error: Error) -> String {
    let error = error.into();
    let hint = mqx::error::hint(&error).unwrap_or("none");
    format!("{} | hint: {hint}", mqx::error::line(&error))
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
}

// ---- files

/// The configuration that writes into `dir`.
fn into(dir: &Path) -> Config {
    Config {
        dir: dir.to_owned(),
        ..Config::default()
    }
}

fn init(config: &Config) -> Result<String, Error> {
    let mut out = Vec::new();
    certs::run(config, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// A directory with the files of one `certs init`.
fn made() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    init(&into(dir.path())).unwrap();
    dir
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn six_files_are_written_and_only_the_owner_can_read_the_keys() {
    let dir = made();
    let mut names = FILES.to_vec();
    names.sort_unstable();
    assert_eq!(names_in(dir.path()), names);
    for name in FILES.iter().filter(|name| name.ends_with(".key")) {
        let mode = fs::metadata(dir.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_report_names_files_dates_and_the_commands_that_use_them() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("my certs");
    let report = init(&into(&dir)).unwrap();
    let dir = dir.display();
    for name in FILES {
        assert_says(&report, &[&format!("wrote {dir}/{name}")]);
    }
    assert_says(
        &report,
        &[
            "valid until 20",
            "for localhost, 127.0.0.1, ::1",
            &format!("\n  mqx broker --cert '{dir}/server.crt' --key '{dir}/server.key'\n"),
            &format!("\n  mqx sub --tls '{dir}/ca.crt' -t '#'\n"),
            &format!("--cafile '{dir}/ca.crt' --require-client-cert\n"),
            &format!("--cert '{dir}/client.crt' --key '{dir}/client.key' -t '#'\n"),
        ],
    );
}

#[test]
fn one_file_in_the_way_stops_everything_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("client.key");
    fs::write(&own, "mine").unwrap();
    let error = init(&into(dir.path())).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert_says(
        &said(error),
        &["client.key exists, nothing was written", "--force", "--dir"],
    );
    assert_eq!(names_in(dir.path()), ["client.key"]);
    assert_eq!(fs::read_to_string(own).unwrap(), "mine");
}

#[test]
fn force_replaces_all_six_and_makes_a_readable_key_private_again() {
    let dir = made();
    let read = || FILES.map(|name| fs::read(dir.path().join(name)).unwrap());
    let key = dir.path().join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let before = read();
    init(&Config {
        force: true,
        ..into(dir.path())
    })
    .unwrap();
    assert!(before.iter().zip(read()).all(|(old, new)| *old != new));
    assert_eq!(
        fs::metadata(key).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_directory_in_place_of_a_file_stops_even_force_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("client.key")).unwrap();
    let error = init(&Config {
        force: true,
        ..into(dir.path())
    })
    .unwrap_err();
    assert_says(&said(error), &["client.key is a directory"]);
    assert_eq!(names_in(dir.path()), ["client.key"]);
}

#[test]
fn a_missing_directory_is_made_and_an_impossible_one_is_named() {
    let parent = tempfile::tempdir().unwrap();
    init(&into(&parent.path().join("a/b"))).unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let error = init(&into(&file)).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert_says(
        &said(error),
        &["cannot make the directory", "/file", "--dir"],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_that_takes_no_files_is_named() {
    // Not even root can make a file in /proc.
    let error = init(&into(Path::new("/proc"))).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert_says(&said(error), &["cannot write into /proc", "--dir DIR"]);
}

// ---- contents

/// Calls `check` with the certificate in a file.
fn with_certificate<T>(path: &Path, check: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let (_, pem) = parse_x509_pem(&fs::read(path).unwrap()).unwrap();
    check(&pem.parse_x509().unwrap())
}

#[test]
fn the_server_certificate_is_for_the_loopback_and_every_host_given() {
    let dir = tempfile::tempdir().unwrap();
    let hosts = ["Broker.Example", "*.lab.example", "10.1.2.3"];
    let hosts = hosts.map(|host| host.parse().unwrap()).to_vec();
    init(&Config {
        hosts,
        ..into(dir.path())
    })
    .unwrap();
    with_certificate(&dir.path().join("server.crt"), |server| {
        let names = server.subject_alternative_name().unwrap().unwrap();
        let has = |name: GeneralName<'_>| names.value.general_names.contains(&name);
        for host in ["localhost", "broker.example", "*.lab.example"] {
            assert!(has(GeneralName::DNSName(host)), "{host}");
        }
        assert!(has(GeneralName::IPAddress(&[127, 0, 0, 1])));
        assert!(has(GeneralName::IPAddress(
            &std::net::Ipv6Addr::LOCALHOST.octets()
        )));
        assert!(has(GeneralName::IPAddress(&[10, 1, 2, 3])));
    });
}

#[test]
fn the_authority_signs_leaves_only_and_the_leaves_sign_nothing() {
    let dir = made();
    with_certificate(&dir.path().join("ca.crt"), |ca| {
        let constraints = ca.basic_constraints().unwrap().unwrap().value;
        assert!(constraints.ca);
        assert_eq!(constraints.path_len_constraint, Some(0));
        assert!(ca.key_usage().unwrap().unwrap().value.key_cert_sign());
        ca.verify_signature(None).unwrap();
        for leaf in ["server.crt", "client.crt"] {
            with_certificate(&dir.path().join(leaf), |leaf| {
                leaf.verify_signature(Some(ca.public_key())).unwrap();
                assert_eq!(leaf.issuer(), ca.subject());
                assert!(!leaf.is_ca());
                assert_ne!(leaf.raw_serial(), ca.raw_serial());
                assert!(leaf.validity().not_after <= ca.validity().not_after);
            });
        }
    });
}

#[test]
fn each_leaf_can_be_used_for_its_purpose_only() {
    let dir = tempfile::tempdir().unwrap();
    let client_name = "Küche/Licht 1".parse().unwrap();
    init(&Config {
        client_name,
        ..into(dir.path())
    })
    .unwrap();
    let usage_and_name = |name: &str| {
        with_certificate(&dir.path().join(name), |leaf| {
            let usage = leaf.extended_key_usage().unwrap().unwrap().value;
            let name = leaf.subject().iter_common_name().next().unwrap();
            (
                usage.server_auth,
                usage.client_auth,
                name.as_str().unwrap().to_owned(),
            )
        })
    };
    assert_eq!(
        usage_and_name("server.crt"),
        (true, false, "localhost".to_owned())
    );
    assert_eq!(
        usage_and_name("client.crt"),
        (false, true, "Küche/Licht 1".to_owned())
    );
}

#[test]
fn validity_begins_in_the_past_and_never_exceeds_825_days_in_all() {
    let seconds = |days: u16| {
        let dir = tempfile::tempdir().unwrap();
        init(&Config {
            days,
            ..into(dir.path())
        })
        .unwrap();
        with_certificate(&dir.path().join("client.crt"), |leaf| {
            let validity = leaf.validity();
            let now = ASN1Time::now().timestamp();
            assert!(validity.not_before.timestamp() <= now - 3600);
            validity.not_after.timestamp() - validity.not_before.timestamp()
        })
    };
    assert_eq!(seconds(10), 10 * 86_400 + 3600);
    assert_eq!(seconds(certs::MAX_DAYS), 825 * 86_400);
    assert_eq!(seconds(u16::MAX), 825 * 86_400);
}

// ---- handshakes

/// A TLS server on a free loopback port that sends back every byte it gets.
async fn echo_server(options: &TlsServerOptions) -> u16 {
    let acceptor = TlsAcceptor::from(tls_server(options).unwrap().0);
    serve(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(socket).await?;
            let mut byte = [0];
            while stream.read(&mut byte).await? == 1 {
                stream.write_all(&byte).await?;
            }
            Ok(())
        }
    })
    .await
}

/// A server on a free loopback port that treats every connection with `talk`
/// and, having talked, closes it.
async fn serve<F, T>(talk: F) -> u16
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = io::Result<()>> + Send,
{
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A failed handshake is what many of these tests are about; the
            // client is the one that has to explain it.
            let _ = talk(socket).await;
        }
    });
    port
}

fn server_options(dir: &Path) -> TlsServerOptions {
    TlsServerOptions {
        cert: dir.join("server.crt"),
        key: dir.join("server.key"),
        client_ca: None,
        require_client_cert: false,
    }
}

fn mutual(dir: &Path) -> TlsServerOptions {
    let client_ca = Some(dir.join("ca.crt"));
    TlsServerOptions {
        client_ca,
        require_client_cert: true,
        ..server_options(dir)
    }
}

fn trusting(dir: &Path) -> TlsClientOptions {
    TlsClientOptions {
        ca: Trust::File(dir.join("ca.crt")),
        ..TlsClientOptions::default()
    }
}

fn identified(dir: &Path) -> TlsClientOptions {
    let identity = Some((dir.join("client.crt"), dir.join("client.key")));
    TlsClientOptions {
        identity,
        ..trusting(dir)
    }
}

fn endpoint(host: &str, port: u16, options: &TlsClientOptions) -> Endpoint {
    let tls = Some(TlsClient::new(options).unwrap().0);
    Endpoint {
        host: host.to_owned(),
        port,
        tls,
    }
}

async fn echo(stream: &mut Stream) -> io::Result<()> {
    stream.write_all(b"x").await?;
    stream.flush().await?;
    assert_eq!(stream.read_u8().await?, b'x');
    Ok(())
}

async fn assert_works(endpoint: &Endpoint) {
    let mut stream = connect(endpoint, LIMIT).await.unwrap();
    echo(&mut stream).await.unwrap();
}

/// What the person is told when TLS with this endpoint fails, as it must,
/// be it in the handshake or at the first read.
async fn refusal(endpoint: &Endpoint) -> String {
    let error = match connect(endpoint, LIMIT).await {
        Err(error) => error,
        Ok(mut stream) => explain(echo(&mut stream).await.unwrap_err(), endpoint),
    };
    assert_eq!(error.class(), Class::Tls, "{error}");
    said(error)
}

#[tokio::test]
async fn the_files_give_tls_by_name_and_by_address() {
    let dir = made();
    let port = echo_server(&server_options(dir.path())).await;
    for host in ["localhost", "127.0.0.1"] {
        assert_works(&endpoint(host, port, &trusting(dir.path()))).await;
    }
}

#[tokio::test]
async fn the_files_give_mutual_tls() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    assert_works(&endpoint("localhost", port, &identified(dir.path()))).await;
}

#[tokio::test]
async fn a_client_ca_alone_asks_for_a_certificate_without_requiring_one() {
    let dir = made();
    let options = TlsServerOptions {
        require_client_cert: false,
        ..mutual(dir.path())
    };
    let port = echo_server(&options).await;
    assert_works(&endpoint("localhost", port, &trusting(dir.path()))).await;
}

#[tokio::test]
async fn insecure_accepts_a_certificate_of_an_unknown_ca_for_another_host() {
    let dir = forged(|leaf| leaf.subject_alt_names.clear());
    let port = echo_server(&server_options(dir.path())).await;
    let options = TlsClientOptions {
        insecure: true,
        ..TlsClientOptions::default()
    };
    assert_works(&endpoint("localhost", port, &options)).await;
}

#[tokio::test]
async fn a_missing_client_certificate_is_asked_for() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(
        &said,
        &["asks for a client certificate", "--cert CRT --key KEY"],
    );
}

#[tokio::test]
async fn the_reason_is_found_even_when_a_write_fails_before_it_is_read() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    let endpoint = endpoint("localhost", port, &trusting(dir.path()));
    let mut stream = connect(&endpoint, LIMIT).await.unwrap();
    let error = loop {
        if let Err(error) = stream.write_all(b"x").await {
            break explain(error, &endpoint);
        }
    };
    assert_says(&said(error), &["asks for a client certificate"]);
}

#[tokio::test]
async fn a_client_certificate_of_another_ca_is_not_trusted() {
    let (dir, other) = (made(), made());
    let port = echo_server(&mutual(dir.path())).await;
    let options = TlsClientOptions {
        ca: trusting(dir.path()).ca,
        ..identified(other.path())
    };
    let said = refusal(&endpoint("localhost", port, &options)).await;
    assert_says(
        &said,
        &[
            "does not trust the CA of the client certificate",
            "--cafile",
        ],
    );
}

#[tokio::test]
async fn the_wrong_ca_is_named_with_the_flags_that_give_another() {
    let (dir, other) = (made(), made());
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(other.path()))).await;
    let file = other.path().join("ca.crt");
    let words = format!("is not signed by a CA in {}", file.display());
    assert_says(&said, &[&words, "give the CA", "--insecure"]);
}

#[tokio::test]
async fn a_ca_of_the_same_name_with_another_key_is_told_apart() {
    let (dir, other) = (forged(|_| {}), forged(|_| {}));
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(other.path()))).await;
    assert_says(&said, &["signed by another key", "copy the CA certificate"]);
}

#[tokio::test]
async fn a_certificate_for_other_hosts_says_for_which() {
    let names = ["a.example".to_owned(), "10.9.8.7".to_owned()];
    let other = CertificateParams::new(names).unwrap().subject_alt_names;
    let dir = forged(|leaf| leaf.subject_alt_names = other);
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    let init = "mqx certs init --host localhost";
    assert_says(
        &said,
        &["is for a.example, 10.9.8.7, not for localhost", init],
    );
}

#[tokio::test]
async fn a_certificate_without_host_names_says_so() {
    let dir = forged(|leaf| leaf.subject_alt_names.clear());
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(
        &said,
        &["names no host (no subjectAltName)", "mqx certs init"],
    );
}

#[tokio::test]
async fn expired_and_early_certificates_come_with_their_date() {
    let expired = forged(|leaf| leaf.not_after = rcgen::date_time_ymd(2020, 2, 3));
    let port = echo_server(&server_options(expired.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(expired.path()))).await;
    assert_says(&said, &["expired on 2020-02-03 00:00 UTC", "clock"]);

    let early = forged(|leaf| leaf.not_before = rcgen::date_time_ymd(4000, 1, 1));
    let port = echo_server(&server_options(early.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(early.path()))).await;
    assert_says(
        &said,
        &["is not valid before 4000-01-01 00:00 UTC", "clock"],
    );
}

#[tokio::test]
async fn a_ca_certificate_in_the_place_of_the_servers_says_so() {
    let dir = forged(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(
        &said,
        &["uses a CA certificate as its own", "mqx certs init"],
    );
}

#[tokio::test]
async fn a_client_certificate_is_refused_as_a_servers() {
    let dir = made();
    let (cert, key) = identified(dir.path()).identity.unwrap();
    let port = echo_server(&TlsServerOptions {
        cert,
        key,
        ..server_options(dir.path())
    })
    .await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(&said, &["is not meant for servers", "serverAuth"]);
}

#[tokio::test]
async fn a_port_without_tls_is_recognised_whatever_it_answers() {
    let dir = made();
    let answers: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0x20, 0x02, 0x00, 0x01],
    ];
    for answer in answers {
        let port = serve(move |mut socket| async move {
            let mut hello = [0; 1024];
            socket.read(&mut hello).await?;
            socket.write_all(answer).await
        })
        .await;
        let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
        assert_says(&said, &["does not seem to speak TLS", "1883", "8883"]);
    }
}

#[tokio::test]
async fn a_port_that_never_answers_the_handshake_runs_into_the_limit() {
    let dir = made();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let endpoint = endpoint("127.0.0.1", port, &trusting(dir.path()));
    let error = connect(&endpoint, Duration::from_millis(50))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Tls);
    assert_says(&said(error), &["did not answer in time", "8883"]);
}

// ---- plain TCP

fn plain(host: &str, port: u16) -> Endpoint {
    Endpoint {
        host: host.to_owned(),
        port,
        tls: None,
    }
}

#[tokio::test]
async fn a_refused_port_says_how_to_start_a_broker() {
    // Bound and not listening, so that no other test gets the port meanwhile.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let error = connect(&plain("localhost", port), LIMIT).await.unwrap_err();
    assert_eq!(error.class(), Class::Connect);
    let words = format!("cannot connect to localhost:{port}: Connection refused");
    assert_says(&said(error), &[&words, "`mqx broker` starts one"]);
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    for (host, cure) in [
        ("nowhere.invalid", "check the spelling"),
        ("mqtt://localhost", "without the scheme"),
        ("localhost:1883", "the port with --port"),
    ] {
        let error = connect(&plain(host, 1883), LIMIT).await.unwrap_err();
        assert_eq!(error.class(), Class::Connect);
        assert_says(&said(error), &[&format!("unknown host {host}"), cure]);
    }
}

#[tokio::test]
async fn a_connection_the_server_closes_is_lost_and_not_a_tls_failure() {
    let port = serve(|_| async { Ok(()) }).await;
    let endpoint = plain("127.0.0.1", port);
    let mut stream = connect(&endpoint, LIMIT).await.unwrap();
    let error = explain(stream.read_u8().await.unwrap_err(), &endpoint);
    assert_eq!(error.class(), Class::ConnectionLost);
    assert_says(
        &said(error),
        &[&format!("127.0.0.1:{port} closed the connection")],
    );
}

// ---- bad files

#[test]
fn a_key_of_another_certificate_is_refused_with_both_names() {
    let (dir, other) = (made(), made());
    let key = other.path().join("server.key");
    let options = TlsServerOptions {
        key: key.clone(),
        ..server_options(dir.path())
    };
    let error = tls_server(&options).unwrap_err();
    assert_eq!(error.class(), Class::Tls);
    let cert = options.cert.display().to_string();
    let words = format!(
        "the key {} does not belong to the certificate {cert}",
        key.display()
    );
    assert_says(&said(error), &[&words, "made together"]);
}

#[test]
fn swapped_and_damaged_files_are_called_what_they_are() {
    let dir = made();
    let good = server_options(dir.path());
    let broken = |name: &str, content: &str| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let (no_der, no_key) = (broken("no_der", no_der), broken("no_key", no_key));
    let cert = |cert: &PathBuf| TlsServerOptions {
        cert: cert.clone(),
        ..good.clone()
    };
    let key = |key: &PathBuf| TlsServerOptions {
        key: key.clone(),
        ..good.clone()
    };
    let ca = |ca: &PathBuf| TlsServerOptions {
        client_ca: Some(ca.clone()),
        ..good.clone()
    };
    for (options, words) in [
        (
            cert(&good.key),
            "should hold a certificate, but holds a private key",
        ),
        (
            key(&good.cert),
            "should hold a private key, but holds a certificate",
        ),
        (
            ca(&good.key),
            "should hold a certificate, but holds a private key",
        ),
        (cert(&no_der), "is damaged"),
        (key(&no_key), "cannot be used for TLS"),
        (ca(&no_der), "cannot be used as a CA"),
    ] {
        let error = tls_server(&options).unwrap_err();
        assert_eq!(error.class(), Class::Tls);
        assert_says(&said(error), &[words]);
    }
}

#[test]
fn requiring_client_certificates_without_a_ca_is_a_usage_error() {
    let dir = made();
    let options = TlsServerOptions {
        client_ca: None,
        ..mutual(dir.path())
    };
    let error = tls_server(&options).unwrap_err();
    assert_eq!(error.class(), Class::Usage);
    assert_says(&said(error), &["--cafile"]);
}

#[test]
fn good_files_give_no_warnings_and_unwise_ones_do() {
    let dir = made();
    assert_eq!(tls_server(&server_options(dir.path())).unwrap().1, [""; 0]);
    assert_eq!(TlsClient::new(&identified(dir.path())).unwrap().1, [""; 0]);

    let old = forged(|leaf| leaf.not_after = rcgen::date_time_ymd(2020, 2, 3));
    let key = old.path().join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let server = tls_server(&server_options(old.path())).unwrap().1;
    let identity = Some((old.path().join("server.crt"), key));
    let client = TlsClient::new(&TlsClientOptions {
        identity,
        ..trusting(old.path())
    })
    .unwrap()
    .1;
    assert_eq!(server, client);
    assert_says(
        &server.join("\n"),
        &["expired on 2020-02-03", "server.key", "chmod 600"],
    );
    assert_eq!(server.len(), 2);
}

/// A directory with ca.crt, server.crt and server.key whose server certificate
/// is for localhost but for what `change` does to it.
fn forged(change: impl FnOnce(&mut CertificateParams)) -> TempDir {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();

    let address = IpAddr::from(Ipv4Addr::LOCALHOST).to_string();
    let mut leaf = CertificateParams::new(["localhost".to_owned(), address]).unwrap();
    change(&mut leaf);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let write = |name, content: String| fs::write(dir.path().join(name), content).unwrap();
    write("ca.crt", ca.pem());
    write("server.crt", leaf.pem());
    write("server.key", key.serialize_pem());
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(dir.path().join("server.key"), private).unwrap();
    dir
}
