//! `--print`: the configuration of brokers and clients that uses the files, one
//! row per product.

use super::issue::Purpose;
use crate::error::{Error, Result};
use crate::output;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

/// A product with its templates. In them `{ca}`, `{cert}` and `{key}` stand for
/// paths as they are, `{"ca"}` for a quoted string, `{$ca}` for a word of a shell.
struct Row {
    name: &'static str,
    server: Option<&'static str>,
    client: Option<&'static str>,
}

const ROWS: &[Row] = &[
    Row {
        name: "mosquitto",
        server: Some(
            "# mosquitto.conf; the last two lines ask clients for certificates\n\
             listener 8883\n\
             certfile {cert}\n\
             keyfile {key}\n\
             cafile {ca}\n\
             require_certificate true\n",
        ),
        client: Some(
            "mosquitto_sub -p 8883 --cafile {$ca} --cert {$cert} --key {$key} -t '#' -v\n",
        ),
    },
    Row {
        name: "emqx",
        server: Some(
            "# emqx.conf; the last two options ask clients for certificates\n\
             listeners.ssl.default {\n  \
             bind = \"0.0.0.0:8883\"\n  \
             ssl_options {\n    \
             certfile = {\"cert\"}\n    \
             keyfile = {\"key\"}\n    \
             cacertfile = {\"ca\"}\n    \
             verify = verify_peer\n    \
             fail_if_no_peer_cert = true\n  \
             }\n\
             }\n",
        ),
        client: None,
    },
    Row {
        name: "nanomq",
        server: Some(
            "# nanomq.conf; the last two options ask clients for certificates\n\
             listeners.ssl {\n  \
             bind = \"0.0.0.0:8883\"\n  \
             certfile = {\"cert\"}\n  \
             keyfile = {\"key\"}\n  \
             cacertfile = {\"ca\"}\n  \
             verify_peer = true\n  \
             fail_if_no_peer_cert = true\n\
             }\n",
        ),
        client: None,
    },
    Row {
        name: "mqx",
        server: Some(
            "mqx broker --cert {$cert} --key {$key} --cafile {$ca} --require-client-cert\n",
        ),
        client: Some("mqx sub --tls {$ca} --cert {$cert} --key {$key} -t '#' -v\n"),
    },
    Row {
        name: "paho-python",
        server: None,
        client: Some(
            "import paho.mqtt.client as mqtt\n\
             \n\
             client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)\n\
             client.tls_set(ca_certs={\"ca\"}, certfile={\"cert\"}, keyfile={\"key\"})\n\
             client.connect(\"localhost\", 8883)\n",
        ),
    },
    Row {
        name: "mqttjs",
        server: None,
        client: Some(
            "const fs = require('fs')\n\
             const mqtt = require('mqtt')\n\
             \n\
             const client = mqtt.connect('mqtts://localhost:8883', {\n  \
             ca: fs.readFileSync({\"ca\"}),\n  \
             cert: fs.readFileSync({\"cert\"}),\n  \
             key: fs.readFileSync({\"key\"}),\n\
             })\n",
        ),
    },
    Row {
        name: "esp-idf",
        server: None,
        client: Some(
            "# CMakeLists.txt: copy the three files beside it as ca.crt, client.crt, client.key\n\
             #   {ca} {cert} {key}\n\
             idf_component_register(SRCS main.c EMBED_TXTFILES ca.crt client.crt client.key)\n\
             \n\
             /* main.c */\n\
             extern const char ca_crt[] asm(\"_binary_ca_crt_start\");\n\
             extern const char client_crt[] asm(\"_binary_client_crt_start\");\n\
             extern const char client_key[] asm(\"_binary_client_key_start\");\n\
             \n\
             esp_mqtt_client_config_t config = {\n    \
             .broker.address.uri = \"mqtts://localhost:8883\",\n    \
             .broker.verification.certificate = ca_crt,\n    \
             .credentials.authentication = {.certificate = client_crt, .key = client_key},\n\
             };\n",
        ),
    },
];

/// Whose configuration to show.
#[derive(Clone, Copy)]
pub struct Product(&'static Row);

impl Product {
    /// The names of all products.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.name)
    }

    const fn template(self, purpose: Purpose) -> Option<&'static str> {
        match purpose {
            Purpose::Server => self.0.server,
            Purpose::Client => self.0.client,
        }
    }

    /// Refuses to show how a product is what it is not.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] if it is no server or no client.
    pub fn check(self, purpose: Purpose) -> Result<()> {
        if self.template(purpose).is_some() {
            return Ok(());
        }
        let can = ROWS.iter().filter(|row| Self(row).template(purpose).is_some());
        let can: Vec<_> = can.map(|row| row.name).collect();
        let (name, purpose) = (self.0.name, purpose.name());
        Err(Error::usage(format!("{name} is no {purpose}; --print knows {}", can.join(", "))))
    }
}

impl PartialEq for Product {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Product {}

impl fmt::Debug for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl FromStr for Product {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let row = ROWS.iter().find(|row| row.name == text).map(Self);
        row.ok_or_else(|| {
            let known = Self::names().collect::<Vec<_>>().join(", ");
            Error::usage(format!("known are {known}"))
        })
    }
}

/// The files that a configuration names.
pub(super) struct Paths<'a> {
    pub(super) ca: &'a Path,
    pub(super) certificate: &'a Path,
    pub(super) key: &'a Path,
}

/// Writes how `product` uses the files, if it can be what they are for.
pub(super) fn write(
    product: Product,
    purpose: Purpose,
    paths: &Paths<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(template) = product.template(purpose) else {
        return Ok(());
    };
    let mut text = template.to_owned();
    for (name, path) in [("ca", paths.ca), ("cert", paths.certificate), ("key", paths.key)] {
        let plain = path.display().to_string();
        let quoted = serde_json::Value::from(plain.as_str()).to_string();
        text = text.replace(&format!("{{\"{name}\"}}"), &quoted);
        text = text.replace(&format!("{{${name}}}"), &output::shell_path(path));
        text = text.replace(&format!("{{{name}}}"), &plain);
    }
    write!(out, "\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_shows_all_three_files_and_leaves_no_mark() {
        let paths = Paths {
            ca: Path::new("a b/ca.crt"),
            certificate: Path::new("x.crt"),
            key: Path::new("x.key"),
        };
        for row in ROWS {
            for purpose in [Purpose::Server, Purpose::Client] {
                let mut out = Vec::new();
                write(Product(row), purpose, &paths, &mut out).unwrap();
                let text = String::from_utf8(out).unwrap();
                let shown = ["a b/ca.crt", "x.crt", "x.key"].iter().all(|path| text.contains(path));
                assert_eq!(shown, Product(row).check(purpose).is_ok(), "{}", row.name);
                for mark in ["{ca", "{\"", "{$", "{cert", "{key"] {
                    assert!(!text.contains(mark), "{}: {text}", row.name);
                }
            }
        }
    }

    #[test]
    fn a_product_that_is_no_server_says_which_are() {
        let product: Product = "mqttjs".parse().unwrap();
        let said = product.check(Purpose::Server).unwrap_err().to_string();
        assert_eq!(said, "mqttjs is no server; --print knows mosquitto, emqx, nanomq, mqx");
    }
}
