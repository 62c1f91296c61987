//! What other tools know of brokers, as profiles.

use crate::cli::{definition, spelling};
use crate::error::{Class, Error, Result};
use crate::output;
use crate::profile::Setting;
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// A name and what it stands for.
type Profile = (String, Vec<Setting>);

/// A key of another tool and the option it stands for.
type Row = (&'static str, &'static str);

/// `config.properties` of `HiveMQ`'s tool.
const HIVEMQ: &[Row] = &[
    ("auth.client.cert", "cert"),
    ("auth.client.key", "key"),
    ("auth.client.key.password", "key-password"),
    ("auth.password", "password"),
    ("auth.password.env", "password-env"),
    ("auth.password.file", "password-file"),
    ("auth.server.cafile", "cafile"),
    ("auth.username", "username"),
    ("client.id.prefix", "id-prefix"),
    ("mqtt.host", "host"),
    ("mqtt.port", "port"),
    ("mqtt.version", "mqtt-version"),
];

/// A connection of MQTTX.
const MQTTX: &[Row] = &[
    ("ca", "cafile"),
    ("cert", "cert"),
    ("clientId", "id"),
    ("host", "host"),
    ("keepalive", "keepalive"),
    ("key", "key"),
    ("maximumPacketSize", "maximum-packet-size"),
    ("mqttVersion", "mqtt-version"),
    ("password", "password"),
    ("port", "port"),
    ("receiveMaximum", "receive-maximum"),
    ("sessionExpiryInterval", "session-expiry-interval"),
    ("topicAliasMaximum", "topic-alias-maximum"),
    ("username", "username"),
];

/// Reads the file at `path`, whose kind shows in what it holds.
///
/// # Errors
/// When it cannot be read or holds nothing.
pub(super) fn read(path: &Path, name: Option<String>) -> Result<Vec<Profile>> {
    let bytes = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
    let text = String::from_utf8_lossy(&bytes);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = name.or(stem).unwrap_or_default();
    let wrong = |what: &str| Error::new(Class::File, format!("{}: {what}", path.display()));
    let profiles = if text.trim_start().starts_with(['{', '[']) {
        let json = serde_json::from_str(&text).map_err(|cause| wrong(&cause.to_string()))?;
        from_mqttx(json, &name)
    } else if text.lines().any(|line| line.trim_start().starts_with('-')) {
        vec![(name, from_mosquitto(path)?)]
    } else {
        vec![(name, from_hivemq(&text))]
    };
    let empty = profiles.is_empty() || profiles.iter().any(|(_, settings)| settings.is_empty());
    let known = "known are option files of mosquitto, JSON of MQTTX and HiveMQ's config.properties";
    if empty { Err(wrong("no connection is in it").hint(known)) } else { Ok(profiles) }
}

fn from_mosquitto(path: &Path) -> Result<Vec<Setting>> {
    let words: Vec<OsString> = spelling::option_file::read(path)?;
    let (settings, unknown) = spelling::settings(&words, &definition());
    for word in unknown {
        output::warn(format!("{} is left out", output::escape(&word.to_string_lossy())));
    }
    Ok(settings)
}

fn from_hivemq(text: &str) -> Vec<Setting> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    let settings = lines.filter_map(|line| {
        let (key, value) = line.split_once(['=', ':'])?;
        let (key, value) = (key.trim_end(), value.trim_start());
        // Theirs calls 3.1.1 by its first number.
        let value = if key == "mqtt.version" && value == "3" { "3.1.1" } else { value };
        let row = HIVEMQ.iter().find(|row| row.0 == key)?;
        (!value.is_empty()).then(|| setting(row.1, value))
    });
    settings.collect()
}

/// The connections in what MQTTX has exported: a list, bare or in an object.
fn from_mqttx(json: Value, name: &str) -> Vec<Profile> {
    let list = match json {
        Value::Object(mut object) => match object.remove("connections") {
            Some(Value::Array(list)) => list,
            _ => vec![Value::Object(object)],
        },
        Value::Array(list) => list,
        _ => Vec::new(),
    };
    let connections = list.iter().filter_map(Value::as_object);
    let profiles = connections.map(|connection| {
        let own = connection.get("name").and_then(Value::as_str).unwrap_or(name);
        (own.replace([':', '/'], "-"), from_connection(connection))
    });
    profiles.collect()
}

fn from_connection(connection: &Map<String, Value>) -> Vec<Setting> {
    let text = |key: &str| match connection.get(key)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let is = |key: &str, wanted: bool| connection.get(key) == Some(&Value::Bool(wanted));
    let rows = MQTTX.iter().filter_map(|row| Some(setting(row.1, &text(row.0)?)));
    let mut settings: Vec<_> = rows.collect();
    let protocol = text("protocol").unwrap_or_default();
    let websocket = protocol.starts_with("ws");
    let path = text("path").filter(|_| websocket);
    let switches = [
        ("ws", websocket),
        ("tls", is("ssl", true) || matches!(&*protocol, "mqtts" | "wss")),
        ("insecure", is("ssl", true) && is("rejectUnauthorized", false)),
        ("disable-clean-session", is("clean", false)),
    ];
    settings.extend(path.map(|path| setting("ws-path", &path)));
    settings.extend(switches.iter().filter(|(_, on)| *on).map(|(name, _)| setting(name, "true")));
    settings
}

fn setting(option: &str, value: &str) -> Setting {
    Setting { option: option.to_owned(), values: vec![value.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The profiles of a file with this content, a setting per word.
    fn imported(content: &str) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mosquitto_sub.conf");
        fs::write(&path, content).unwrap();
        let word = |setting: &Setting| format!("{}={}", setting.option, setting.values.join(","));
        let words = |settings: &[Setting]| settings.iter().map(word).collect::<Vec<_>>().join(" ");
        let profiles = read(&path, None).unwrap();
        profiles.into_iter().map(|(name, settings)| (name, words(&settings))).collect()
    }

    #[test]
    fn each_tool_s_file_becomes_profiles() {
        let sub = "mosquitto_sub".to_owned();
        assert_eq!(
            imported("-h h\n-p 7\n-d\n-t a\n-t b\n"),
            [(sub.clone(), "host=h port=7 debug=true topic=a,b".to_owned())]
        );
        let hivemq = "mqtt.host=h\nmqtt.version=3\nauth.username=ann\nlogfile.level=debug\nx=";
        assert_eq!(imported(hivemq), [(sub, "host=h mqtt-version=3.1.1 username=ann".to_owned())]);
        let mqttx = r#"[{"name": "a/b", "protocol": "wss", "host": "h", "port": 8084, "ssl": true,
            "path": "/mqtt", "clean": false, "password": "", "mqttVersion": "5.0"}]"#;
        let words = "host=h mqtt-version=5.0 port=8084 ws-path=/mqtt ws=true tls=true \
                     disable-clean-session=true";
        assert_eq!(imported(mqttx), [("a-b".to_owned(), words.to_owned())]);
    }

    #[test]
    fn what_holds_no_connection_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for content in ["", "[]", "{", "7", "hello", "[{}]"] {
            fs::write(file.path(), content).unwrap();
            assert!(read(file.path(), None).is_err(), "{content}");
        }
    }
}
