//! Ports that do not answer, or not in the way they should.

use super::peer::{LIMIT, endpoint, refusal, serve};
use super::{assert_says, made, said, trusting};
use mqx::error::Class;
use mqx::net::{Endpoint, connect, explain};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

#[tokio::test]
async fn a_port_without_tls_is_recognised_whatever_it_answers() {
    let dir = made();
    let answers: [&[u8]; 3] = [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", &[0x20, 0x02, 0x00, 0x01]];
    for answer in answers {
        let port = serve(move |mut socket| async move {
            socket.read_u8().await?;
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
    let error = connect(&endpoint, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.class(), Class::Tls);
    assert_says(&said(error), &["did not answer in time", "8883"]);
}

#[tokio::test]
async fn a_refused_port_says_how_to_start_a_broker() {
    // Bound and not listening, so that no other test gets the port meanwhile.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let error = connect(&Endpoint::tcp("localhost", port), LIMIT).await.unwrap_err();
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
        let error = connect(&Endpoint::tcp(host, 1883), LIMIT).await.unwrap_err();
        assert_eq!(error.class(), Class::Connect);
        assert_says(&said(error), &[&format!("unknown host {host}"), cure]);
    }
}

#[tokio::test]
async fn a_connection_the_server_closes_is_lost_and_not_a_tls_failure() {
    let port = serve(|_| async { Ok(()) }).await;
    let endpoint = Endpoint::tcp("127.0.0.1", port);
    let mut stream = connect(&endpoint, LIMIT).await.unwrap();
    let error = explain(stream.read_u8().await.unwrap_err(), &endpoint);
    assert_eq!(error.class(), Class::ConnectionLost);
    assert_says(&said(error), &[&format!("127.0.0.1:{port} closed the connection")]);
}
