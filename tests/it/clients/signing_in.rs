//! Passwords that are not typed but made: by whom, when, and what for.

use super::reaching::there_and_back;
use super::{Page, Speaker, block_on, class_of, never, speaker, subscribing, with_everybody};
use crate::support::peer::{Caller, Peer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mqx::broker::access::passwd::{self, Change, HashKind};
use mqx::broker::access::{TokenOptions as Trusted, Tokens, load_passwords};
use mqx::broker::{self, Listen};
use mqx::client::{ConnectOptions, Connection, EngineKind, Scram, TokenMaker, TokenOptions};
use mqx::error::Class;
use mqx::mqtt::{Packet, Version, next_frame};
use mqx::net::Endpoint;
use mqx::session::{Authentication, ClientConfig, Secret};
use mqx::subscribe;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The options of ann, who signs her tokens with this key.
fn signing(speaker: Speaker, port: u16, key: &KeyPair, folder: &TempDir) -> ConnectOptions {
    let path = folder.path().join("key");
    fs::write(&path, key.serialize_pem()).unwrap();
    let claims = json!({"sub": "ann", "aud": "project"});
    let token = TokenMaker::load(TokenOptions {
        key: path,
        algorithm: None,
        key_id: None,
        claims: claims.as_object().unwrap().clone(),
        lifetime: Duration::from_mins(1),
    });
    let connect = speaker.connect(port);
    let session = ClientConfig { username: Some("ann".to_owned()), ..connect.session };
    let endpoint = Endpoint::tcp("localhost", port);
    ConnectOptions { token: Some(Arc::new(token.unwrap())), session, endpoint, ..connect }
}

#[test]
fn a_token_that_a_client_signs_opens_a_broker_that_has_the_public_key() {
    for kind in [&PKCS_ECDSA_P256_SHA256, &PKCS_RSA_SHA256] {
        let folder = tempfile::tempdir().unwrap();
        let (key, public) = (KeyPair::generate_for(kind).unwrap(), folder.path().join("public"));
        fs::write(&public, key.public_key_pem()).unwrap();
        let trusted = Trusted {
            keys: public,
            user_claim: "sub".to_owned(),
            audience: vec!["project".to_owned()],
            issuer: vec![],
        };
        let listen = Listen {
            tokens: Some(Tokens::load(&trusted).unwrap()),
            anonymous: false,
            ..Listen::on_port(0)
        };
        let broker = broker::start(&broker::Config::at(listen)).unwrap();
        let port = broker.address().unwrap().port();
        with_everybody(|speaker| there_and_back(signing(speaker, port, &key, &folder)));
        broker.blocking_shutdown().unwrap();
    }
}

/// The password in the CONNECT that comes next.
async fn password(caller: &mut Caller, version: Version) -> String {
    let bytes = caller.packet().await;
    let frame = next_frame(&bytes, usize::MAX).unwrap().unwrap();
    let Ok(Packet::Connect(connect)) = Packet::decode(&frame, version) else {
        panic!("{bytes:?}");
    };
    String::from_utf8(connect.password.unwrap().to_vec()).unwrap()
}

fn expiry(token: &str) -> u64 {
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&body).unwrap();
    claims["exp"].as_u64().unwrap()
}

#[test]
fn every_connection_has_a_token_of_its_own() {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    with_everybody(|speaker| {
        let key = &key;
        async move {
            let folder = tempfile::tempdir().unwrap();
            let peer = Peer::bind().await;
            let options = signing(speaker, peer.port(), key, &folder);
            let serve = async {
                let mut tokens = Vec::new();
                for _ in 0..2 {
                    let mut caller = peer.accept().await;
                    tokens.push(password(&mut caller, speaker.version).await);
                    let answer = speaker.pick(&[0x20, 3, 0, 0, 0], &[0x20, 2, 0, 0]);
                    caller.send(answer).await;
                }
                tokens
            };
            let connect = async {
                let mut connection = Connection::open(options, &mut |_| {}).await.unwrap();
                connection.reopen(&mut |_| {}).await.unwrap();
            };
            let (tokens, ()) = tokio::join!(serve, connect);
            // A signature of ECDSA is never the same twice.
            assert_ne!(tokens[0], tokens[1]);
            assert!(expiry(&tokens[0]) <= expiry(&tokens[1]));
        }
    });
}

/// The options of ann, who proves by SCRAM that she knows this password.
fn proving(port: u16, password: &str) -> ConnectOptions {
    let user = "ann".to_owned();
    let method = Scram { user: user.clone(), password: Secret::new(password) };
    let authentication = Authentication {
        method: "SCRAM-SHA-256".to_owned(),
        data: None,
        steps: Some(Arc::new(method)),
    };
    let connect = speaker(EngineKind::Native, Version::V5).connect(port);
    let session = ClientConfig {
        username: Some(user),
        authentication: Some(Box::new(authentication)),
        ..connect.session
    };
    ConnectOptions { endpoint: Endpoint::tcp("localhost", port), session, ..connect }
}

#[test]
fn a_password_that_never_travels_opens_a_broker_that_keeps_its_verifier() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let kept = passwd::Config {
        file: users.clone(),
        user: "ann".to_owned(),
        change: Change::Set(HashKind::ScramSha256),
        at_terminal: false,
    };
    block_on(passwd::run(&kept, &b"pencil"[..], never())).unwrap();
    let passwords = Some(load_passwords(&users).unwrap().0);
    let listen = Listen { passwords, anonymous: false, ..Listen::on_port(0) };
    let broker = broker::start(&broker::Config::at(listen)).unwrap();
    let port = broker.address().unwrap().port();
    block_on(there_and_back(proving(port, "pencil")));
    let speaker = speaker(EngineKind::Native, Version::V5);
    let connect = proving(port, "pen");
    let wrong = subscribe::Config { connect, ..subscribing(speaker, port) };
    let refused = block_on(subscribe::run(wrong, Page::default().sink(), never()));
    assert_eq!(class_of(refused), Class::Refused);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_broker_that_accepts_without_a_proof_of_its_own_is_left() {
    block_on(async {
        let peer = Peer::bind().await;
        let serve = async {
            let mut caller = peer.accept().await;
            let hello = caller.packet().await;
            assert!(hello.windows(9).any(|part| part == b"n,,n=ann,"), "{hello:?}");
            assert!(!hello.windows(6).any(|part| part == b"pencil"), "{hello:?}");
            caller.send(&[0x20, 3, 0, 0, 0]).await;
        };
        let options = proving(peer.port(), "pencil");
        let connect = async { Connection::open(options, &mut |_| {}).await.map(drop) };
        let ((), opened) = tokio::join!(serve, connect);
        let error = opened.unwrap_err();
        assert_eq!(error.class(), Class::Refused);
        assert!(error.to_string().contains("does not prove"), "{error}");
    });
}
