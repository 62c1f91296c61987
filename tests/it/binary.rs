//! What needs a process to be seen: signals, pipes, terminals and limits.

use crate::certs::made;
use crate::support::program::{PATIENCE, Running, mqx, run};
use rustix::process::Signal;
use rustix::pty;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// A program that is a broker, and its port.
struct Broker {
    running: Running,
    port: String,
}

impl Broker {
    fn start() -> Self {
        Self::of(mqx(["broker", "--port", "0", "--workers", "1"]))
    }

    fn of(command: Command) -> Self {
        let running = Running::start(command);
        let line = running.out_line();
        let first = line.strip_prefix("ready mqtt://127.0.0.1:").expect(&line);
        let port = first.split(' ').next().unwrap().to_owned();
        Self { running, port }
    }

    /// A broker whose limit of open files a shell has set like this.
    fn limited(ulimit: &str) -> Self {
        let mut shell = Command::new("sh");
        let script = format!("{ulimit}; exec \"$0\" broker --port 0 --workers 1");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_mqx")]).stdin(Stdio::null());
        Self::of(shell)
    }

    /// A client of this broker with these words.
    fn client(&self, command: &str, words: &str) -> Command {
        let whole = format!("{command} -h 127.0.0.1 -p {} {words}", self.port);
        mqx(whole.split(' '))
    }

    /// Publishes a message, which the broker has taken when this returns.
    fn publish(&self, words: &str) {
        let ended = run(self.client("pub", words));
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

#[test]
fn trap_a_broker_says_that_it_is_ready_and_ends_with_0_within_a_second_of_a_signal() {
    for signal in SIGNALS {
        let broker = Broker::start();
        let client = Running::start(broker.client("sub", "-t a -d"));
        client.err_line_with("received SUBACK");
        let asked = Instant::now();
        broker.running.signal(signal);
        let ended = broker.running.end();
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.err.contains("stopped after 1 connections"), "{ended:?}");
    }
}

#[test]
fn a_subscriber_that_is_connected_ends_well_on_a_signal() {
    let broker = Broker::start();
    for signal in SIGNALS {
        let subscriber = Running::start(broker.client("sub", "-t a -d"));
        subscriber.err_line_with("received SUBACK");
        subscriber.signal(signal);
        let ended = subscriber.end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{ended:?}");
    }
}

#[test]
fn a_command_that_is_stopped_before_it_is_connected_says_so() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    for (signal, code, word) in
        [(Signal::INT, 130, "interrupted"), (Signal::TERM, 143, "terminated")]
    {
        for words in ["pub -t a -n", "sub -t a"] {
            let words = format!("{words} -h 127.0.0.1 -p {port}");
            let client = Running::start(mqx(words.split(' ')));
            let (mut connection, _) = silent.accept().unwrap();
            connection.read_exact(&mut [0]).unwrap();
            client.signal(signal);
            let ended = client.end();
            assert_eq!(ended.code, Some(code), "{words}: {ended:?}");
            assert_eq!(ended.err, format!("mqx: error: {word}\n"), "{words}");
        }
    }
}

#[test]
fn a_publisher_that_is_stopped_says_what_is_not_acknowledged() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let publisher =
        Running::start(mqx(format!("pub -t a -m þ -q 1 -h 127.0.0.1 -p {port}").split(' ')));
    let (mut connection, _) = listener.accept().unwrap();
    connection.read_exact(&mut [0]).unwrap();
    connection.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    // The last byte of the message, which is not in CONNECT.
    assert!(BufReader::new(&connection).skip_until(0xbe).unwrap() > 0);
    publisher.signal(Signal::TERM);
    let ended = publisher.end();
    assert_eq!(ended.code, Some(143), "{ended:?}");
    let lines: Vec<_> = ended.err.lines().collect();
    let said = "mqx: warning: of the messages 1 are not acknowledged";
    assert_eq!(lines, [said, "mqx: error: terminated"]);
}

#[test]
fn commands_that_a_second_signal_kills_have_failed() {
    let broker = Broker::start();
    let mut command = broker.client("sub", "-t a -d --exec");
    command.arg("echo up; exec sleep 600");
    let subscriber = Running::start(command);
    subscriber.err_line_with("received SUBACK");
    broker.publish("-t a -n");
    assert_eq!(subscriber.out_line(), "up");
    subscriber.signal(Signal::TERM);
    subscriber.err_line_with("a second signal kills them");
    subscriber.signal(Signal::TERM);
    let ended = subscriber.end();
    assert_eq!(ended.code, Some(14), "{ended:?}");
}

#[test]
fn requests_that_are_left_without_a_reply_are_counted() {
    let broker = Broker::start();
    let mut command = broker.client("rr", "--serve a -d --exec");
    command.arg("echo up >&2; exec sleep 600");
    let server = Running::start(command);
    server.err_line_with("received SUBACK");
    broker.publish("-t a -n --response-topic b");
    server.err_line_with("up");
    server.signal(Signal::TERM);
    let ended = server.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains(" are left without a reply"), "{ended:?}");
}

#[test]
fn what_may_be_lost_is_said_once_and_is_a_failure() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (input, mut lines) = std::io::pipe().unwrap();
    let mut command = mqx(format!("pub -t a -l -h 127.0.0.1 -p {port}").split(' '));
    command.stdin(input);
    let publisher = Running::start(command);
    let accept = || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.read_exact(&mut [0]).unwrap();
        connection.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
        connection
    };
    let connection = accept();
    // A byte that is not in CONNECT.
    lines.write_all(b"\xfe\n").unwrap();
    let arrived = BufReader::new(&connection).skip_until(0xfe).unwrap();
    assert!(arrived > 0);
    drop(connection);
    let mut connection = accept();
    drop(lines);
    connection.read_to_end(&mut Vec::new()).unwrap();
    drop(connection);
    let ended = publisher.end();
    assert_eq!(ended.code, Some(8), "{ended:?}");
    assert_eq!(ended.err.matches("may be lost").count(), 1, "{}", ended.err);
}

#[test]
fn a_subscriber_ends_quietly_when_nobody_reads_what_it_prints() {
    let broker = Broker::start();
    broker.publish("-t a -r -m first");
    let mut command = broker.client("sub", "-t a");
    let mut subscriber = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(subscriber.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "first\n");
    drop(out);
    broker.publish("-t a -m second");
    let ended = subscriber.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn help_and_version_are_data_and_no_command_at_all_is_an_error() {
    for words in ["--help", "--version", "pub --help", "certs init --help"] {
        let ended = run(mqx(words.split(' ')));
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{words}");
        assert!(!ended.out.is_empty(), "{words}");
    }
    let ended = run(mqx([""; 0]));
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("Commands:"), "{}", ended.err);
}

#[test]
fn a_bench_with_its_own_broker_prints_one_json_object_and_nothing_else() {
    let ended = run(mqx("bench --embedded --limit 1000 --json".split(' ')));
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    assert_eq!(ended.out.lines().count(), 1, "{}", ended.out);
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(report["published"]["messages"], 1000);
    assert_eq!(report["lost"], 0);
}

#[test]
fn a_bench_that_is_interrupted_prints_its_report() {
    let bench = Running::start(mqx("bench --embedded --rate 200 -d".split(' ')));
    bench.err_line_with("received PUBLISH");
    bench.signal(Signal::INT);
    let ended = bench.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("published") && ended.out.contains("lost 0"), "{}", ended.out);
}

#[test]
fn a_bench_whose_broker_dies_prints_its_report_and_fails() {
    let broker = Broker::start();
    let bench = Running::start(broker.client("bench", "--rate 200 -d"));
    bench.err_line_with("received PUBLISH");
    broker.running.signal(Signal::KILL);
    let ended = bench.end();
    assert_eq!(ended.code, Some(8), "{ended:?}");
    assert!(ended.out.contains("published"), "{}", ended.out);
    assert!(ended.err.contains("2 of 2 connections were lost"), "{}", ended.err);
}

#[test]
fn a_subscriber_finds_a_broker_that_comes_back() {
    // Holds the port while no broker does; it never listens itself.
    let held = TcpSocket::new_v4().unwrap();
    held.set_reuseaddr(true).unwrap();
    held.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let start = || Broker::of(mqx(["broker", "--port", &port, "--workers", "1"]));
    let first = start();
    let subscriber = Running::start(first.client("sub", "-t a -d"));
    subscriber.err_line_with("received SUBACK");
    first.running.signal(Signal::TERM);
    first.running.end();
    subscriber.err_line_with("trying again");
    let second = start();
    subscriber.err_line_with("received SUBACK");
    second.publish("-t a -m back");
    assert_eq!(subscriber.out_line(), "back");
}

#[test]
fn colours_are_for_terminals_unless_something_else_is_wished() {
    const FAILING: &str = "broker --bind 192.0.2.1 --port 0";
    let coloured = |words: &str| run(mqx(words.split(' '))).err.contains('\x1b');
    assert!(!coloured(FAILING));
    assert!(coloured(&format!("--color always {FAILING}")));
    assert!(coloured(&format!("{FAILING} --color=always")));
    let on_terminal = |words: &str, no_color: Option<&str>| {
        let mut command = mqx(words.split(' '));
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        seen_on_terminal(command).contains("\x1b[")
    };
    assert!(on_terminal(FAILING, None));
    assert!(on_terminal("frob", None));
    assert!(on_terminal(FAILING, Some("")));
    assert!(!on_terminal(FAILING, Some("1")));
    assert!(!on_terminal("frob", Some("1")));
    assert!(!on_terminal(&format!("--color never {FAILING}"), None));
    assert!(on_terminal(&format!("--color always {FAILING}"), Some("1")));
}

/// What a program writes to stderr when that is a terminal.
fn seen_on_terminal(mut command: Command) -> String {
    let terminal = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).unwrap();
    pty::grantpt(&terminal).unwrap();
    pty::unlockpt(&terminal).unwrap();
    let name = pty::ptsname(&terminal, Vec::new()).unwrap();
    let path = std::ffi::OsStr::from_bytes(name.as_bytes());
    let far = File::options().read(true).write(true).open(path).unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(far).spawn().unwrap();
    drop(command);
    let (mut seen, mut near) = (Vec::new(), File::from(terminal));
    // Linux reports the end of a terminal as an error.
    let _ = near.read_to_end(&mut seen);
    child.wait().unwrap();
    String::from_utf8(seen).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_broker_raises_its_limit_of_open_files_as_far_as_it_may() {
    let broker = Broker::limited("ulimit -Sn 64; ulimit -Hn 512");
    let limits = fs::read_to_string(format!("/proc/{}/limits", broker.running.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let fields: Vec<_> = files.split_whitespace().collect();
    assert_eq!(fields[3..5], ["512", "512"], "{files}");
}

#[test]
fn a_broker_without_files_left_warns_once_and_recovers() {
    let broker = Broker::limited("ulimit -n 48");
    let address = format!("127.0.0.1:{}", broker.port);
    let crowd: Vec<_> = (0..64).map(|_| TcpStream::connect(&address).unwrap()).collect();
    broker.running.err_line_with("ulimit -n");
    drop(crowd);
    let mut client = TcpStream::connect(&address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a").unwrap();
    let mut answer = [0; 4];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    broker.running.signal(Signal::TERM);
    let ended = broker.running.end();
    assert!(!ended.err.contains("ulimit -n"), "{}", ended.err);
}

#[test]
fn the_secrets_of_tls_are_logged_where_sslkeylogfile_says_and_the_broker_says_so() {
    let files = made();
    let path = |name: &str| files.path().join(name).display().to_string();
    let mut command = mqx(["broker", "--port", "0", "--tls-port", "0"]);
    command.args(["--cert", &path("server.crt"), "--key", &path("server.key")]);
    let log = path("secrets");
    command.env("SSLKEYLOGFILE", &log);
    let broker = Broker::of(command);
    broker.running.err_line_with(&log);
    let ca = path("ca.crt");
    let ended = run(mqx([
        "pub",
        "-h",
        "127.0.0.1",
        "-p",
        &broker.port,
        "--tls",
        &ca,
        "-t",
        "t",
        "-m",
        "x",
    ]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let secrets = fs::read_to_string(&log).unwrap();
    assert!(secrets.contains("SERVER_TRAFFIC_SECRET_0 "), "{secrets}");
}
