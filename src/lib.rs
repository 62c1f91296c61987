//! mqx, the MQTT toolbox: how the code is laid out.
//!
//! # Layers
//! ```text
//!  4  main -> run (here) -> cli         what may be typed, lowered once to Config values
//!  3  publish subscribe request bench certs doctor probe profile broker   the features; they
//!     never import each other
//!  2  client: an Engine over a Stream, reconnect    net: sockets and TLS as one Stream, WebSocket
//!  1  session: packet identifiers, in-flight windows, QoS flows, aliases, keepalive
//!  0  mqtt: bytes <-> packets, properties, reason codes, topics
//!     error, output, signals, prompt, open_files, text_or_base64, encode, exposition, decode,
//!     template, payload, record, records, look, store, toml_values: leaves for layers 2 to 4; command: for
//!     layer 3; describe, scram: for client and broker; secret: for all
//! ```
//! An arrow may skip layers downwards and never goes upwards or sideways.
//!
//! # Invariants
//! Each is enforced by `tests/it/layers.rs`.
//! 1. `mqtt`, `session` and `broker::core` never name tokio, sockets, files, the
//!    clock of the machine, clap or a logger. Time arrives as a value.
//! 2. Only `cli` names clap; only `client::engine::rumqttc` names rumqttc; only
//!    `error` decides an exit code; only `output` writes to stdout.
//! 3. Only `mqtt::topic` compares topics with filters; integers are read from foreign
//!    bytes in one file of each format, for packets `mqtt::wire`.
//! 4. A command is `run(config, io, stop)`: it can be called from a test without a
//!    process and stops when the future `stop` does.
//!
//! # Where do I add ...?
//! * a subcommand: its arguments in `cli/<name>.rs` with `into_config`, a variant in
//!   `cli::Command`, an arm in [`run`], the feature in `<name>.rs`, a file under
//!   `tests/it`; `MQX_BLESS=1 cargo test` refreshes completions and man pages;
//! * a flag for every client: a field in `cli/connection.rs` and its place in
//!   [`client::ConnectOptions`]; for one command: its `Args` and its `Config`;
//! * a packet property: a row in `mqtt/property/sets.rs`, a vector in `tests/data`, and
//!   where it has behaviour `session` and `broker::core`;
//! * a reason code: a row in `mqtt/reason.rs`; an exit code: a row in `error.rs`;
//! * a transport: for clients a variant in `net/stream.rs`, for the broker in
//!   `broker/transport.rs`, told from the others in `broker/door.rs`.

pub mod bench;
pub mod broker;
pub mod certs;
pub mod cli;
pub mod client;
pub mod command;
pub mod decode;
pub mod describe;
pub mod doctor;
pub mod encode;
pub mod error;
pub mod exposition;
pub mod generate;
pub mod look;
pub mod mqtt;
pub mod net;
pub mod open_files;
pub mod output;
pub mod payload;
pub mod probe;
pub mod profile;
pub mod prompt;
pub mod publish;
pub mod record;
pub mod records;
pub mod request;
pub mod scram;
pub mod secret;
pub mod session;
pub mod signals;
pub mod store;
pub mod subscribe;
pub mod template;
pub mod text_or_base64;
pub mod toml_values;

use broker::access::passwd;
use broker::store::archive;
use cli::bench::Task as BenchTask;
use cli::broker::Task;
use cli::request::Task as RequestTask;
use cli::{Cli, Command};
use net::Endpoint;
use std::io::Write as _;
use tokio::io::BufReader;
use tokio::runtime::{Builder, Runtime};

/// Does what the command line asks for.
///
/// # Errors
/// The failure that ends the command, with its class and its cure.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    cli.common.apply();
    match cli.command {
        Command::Pub(args) => {
            let config = args.into_config()?;
            block_on(publish::run(config, tokio::io::stdin(), signals::stop()))?;
        }
        Command::Sub(args) => {
            let config = args.into_config()?;
            block_on(subscribe::run(config, output::stdout(), signals::stop()))?;
        }
        Command::Rr(args) => match args.into_task()? {
            RequestTask::Ask(config) => {
                let (input, output) = (tokio::io::stdin(), output::stdout());
                block_on(request::ask::run(*config, input, output, signals::stop()))?;
            }
            RequestTask::Serve(config) => {
                block_on(request::serve::run(*config, signals::stop()))?;
            }
        },
        Command::Bench(args) => match args.into_task()? {
            BenchTask::Run { config, embedded } => measure(*config, embedded)?,
            BenchTask::Compare(config) => bench::compare(&config, &mut output::stdout())?,
            BenchTask::Merge(config) => bench::merge(&config, &mut output::stdout())?,
            BenchTask::Show(text) => output::check(output::stdout().write_all(text.as_bytes()))?,
        },
        Command::Doctor(args) => examine(&args.into_config()?)?,
        Command::Ping(args) => examine(&args.into_config()?)?,
        Command::Test(args) => {
            let config = args.into_config()?;
            block_on(probe::run(&config, &mut output::stdout(), signals::stop()))?;
        }
        Command::Certs(args) => {
            let task = args.into_task()?;
            block_on(certs::run(&task, &mut output::stdout(), signals::stop()))?;
        }
        Command::Profile(args) => profile::run(&args.into_config()?, &mut output::stdout())?,
        Command::Generate(args) => generate::run(&args.into_config(), &mut output::stdout())?,
        Command::Broker(args) => match args.into_task()? {
            Task::Run(config) => {
                open_files::raise_limit();
                block_on(broker::run(&config, output::stdout(), signals::stop()))?;
            }
            Task::Check(config) => broker::check(&config)?,
            Task::Export(config) => archive::export(&config, output::stdout())?,
            Task::Import(config) => archive::import(&config, std::io::stdin())?,
            Task::Passwd(config) => {
                let input = BufReader::new(tokio::io::stdin());
                block_on(passwd::run(&config, input, signals::stop()))?;
            }
        },
    }
    Ok(())
}

/// Examines a broker.
fn examine(config: &doctor::Config) -> error::Result<()> {
    block_on(doctor::run(config, &mut output::stdout(), signals::stop()))
}

/// Measures a broker, which may be `embedded`: one of this process's own.
fn measure(mut config: bench::Config, embedded: bool) -> error::Result<()> {
    open_files::raise_limit();
    let broker = embedded.then(|| broker::start(&broker::Config::on_port(0)));
    let broker = broker.transpose()?;
    if let Some(address) = broker.as_ref().and_then(broker::Broker::address) {
        config.watched = Some(bench::Watched::Threads(broker::THREAD_NAME.to_owned()));
        config.aim_at(&Endpoint::tcp(address.ip().to_string(), address.port()));
    }
    let measured = block_on(bench::run(&config, &mut output::stdout(), signals::stop()));
    if let Some(broker) = broker {
        broker.blocking_shutdown()?;
    }
    measured
}

/// Runs a command on this thread. A read of stdin may still be waiting in
/// another one at the end; it is left behind.
fn block_on<T>(command: impl Future<Output = error::Result<T>>) -> error::Result<T> {
    let runtime: Runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| error::Error::new(error::Class::Other, "cannot start").because(cause))?;
    let done = runtime.block_on(command);
    runtime.shutdown_background();
    done
}
