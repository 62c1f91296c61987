"""What `mqx certs` makes, as openssl, mosquitto, paho, MQTT.js and curl see it."""

import json
import re
import ssl
import subprocess

from pathlib import Path

import pytest
from places import HOST, free_ports
from program import Program, run

KEYS = ["p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"]

MOSQUITTO = """\
user root
allow_anonymous true
persistence false
log_dest stderr
listener {port} {host}
cafile {dir}/ca.crt
certfile {dir}/{stem}.crt
keyfile {dir}/{stem}.key
"""

# What openssl says of each bad certificate, with what it is asked.
BAD = {
    "expired": ([], "certificate has expired"),
    "not-yet-valid": ([], "certificate is not yet valid"),
    "wrong-host": (["-verify_hostname", "localhost"], "hostname mismatch"),
    "unknown-ca": ([], "unable to get local issuer certificate"),
    "self-signed": ([], "self-signed certificate|self signed certificate"),
    "revoked": (["-crl_check", "-CRLfile", "ca.crl"], "certificate revoked"),
    "no-server-usage": (["-purpose", "sslserver"], "unsuitable certificate purpose|unsupported certificate purpose"),
    "weak-key": (["-auth_level", "2"], "EE certificate key too weak"),
    "broken-chain": ([], "unable to get local issuer certificate"),
}


@pytest.fixture(scope="module")
def made(mqx, tmp_path_factory):
    """Runs `mqx certs` in a folder of its own."""

    def made(*commands):
        folder = tmp_path_factory.mktemp("certs")
        for words in commands:
            done = run_in(folder, [mqx, "certs", *words.split()])
            assert done.returncode == 0, done
        return folder

    return made


def run_in(folder, argv):
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60)


def openssl(folder, *words):
    return run_in(folder, ["openssl", *words])


@pytest.mark.parametrize("key", KEYS)
def test_openssl_verifies_every_chain(made, key):
    folder = made(
        f"ca --subject C=TW,ST=Taipei,O=FOO,OU=BAR --key-type {key}",
        f"intermediate --key-type {key}",
        f"server localhost 127.0.0.1 --name server --ca intermediate.crt --key-type {key}",
        f"client ann --key-type {key}",
        f"csr broker.lan --key-type {key}",
        "sign broker.lan.csr",
        "renew ann.crt",
    )
    strict = ["verify", "-x509_strict", "-CAfile", "ca.crt"]
    for words in (
        ["-untrusted", "server.crt", "-purpose", "sslserver", "-verify_hostname", "localhost", "server.crt"],
        ["-untrusted", "server.crt", "-verify_ip", "127.0.0.1", "server.crt"],
        ["-purpose", "sslclient", "ann.crt"],
        ["-purpose", "sslserver", "-verify_hostname", "broker.lan", "broker.lan.crt"],
    ):
        done = openssl(folder, *strict, *words)
        assert done.returncode == 0, done


@pytest.fixture(scope="module")
def bad(made):
    return made("ca", "server localhost 127.0.0.1 --name good", "bad")


@pytest.mark.parametrize("kind", BAD)
def test_openssl_refuses_every_bad_certificate_for_its_reason(bad, kind):
    words, reason = BAD[kind]
    done = openssl(bad, "verify", "-CAfile", "ca.crt", *words, f"{kind}.crt")
    assert done.returncode != 0 and re.search(reason, done.stdout + done.stderr), done


def test_openssl_sees_that_the_mismatched_key_is_another(bad):
    of_certificate = openssl(bad, "x509", "-in", "mismatched-key.crt", "-noout", "-pubkey")
    of_key = openssl(bad, "pkey", "-in", "mismatched-key.key", "-pubout")
    assert of_key.returncode == 0 and of_certificate.stdout != of_key.stdout


@pytest.mark.parametrize("kind", ["expired", "not-yet-valid", "wrong-host", "unknown-ca", "self-signed",
                                  "no-server-usage", "broken-chain"])
def test_clients_refuse_a_mosquitto_with_a_bad_certificate_and_accept_the_good_one(bad, kind, mqx, tmp_path):
    for stem, accepted in ((kind, False), ("good", True)):
        (port,) = free_ports(1)
        conf = tmp_path / f"{stem}.conf"
        conf.write_text(MOSQUITTO.format(port=port, host=HOST, dir=bad, stem=stem))
        broker = Program(["mosquitto", "-c", str(conf)])
        broker.says("running")
        assert refusals(mqx, port, bad / "ca.crt") == dict.fromkeys(CLIENTS, not accepted), stem
        broker.stop()


# Node.js up to 22 asks OpenSSL for security level 1, which takes RSA keys of 1024 bits.
LENIENT = {("weak-key", "mqttjs")}

CLIENTS = ["mosquitto_pub", "mqx", "curl", "paho", "mqttjs"]
HANDSHAKE = str(Path(__file__).parent / "mqttjs" / "handshake.js")


def refusals(mqx, port, ca):
    """Which clients that trust `ca` refuse the server at this port of localhost."""
    place = ["-h", "localhost", "-p", str(port), "--cafile", str(ca), "-t", "a", "-m", "b"]
    url = f"https://localhost:{port}/"
    # curl speaks HTTP to MQTT: what comes after the handshake is not its business.
    curl = run(["curl", "-s", "--cacert", str(ca), url, "-o", "/dev/null", "--max-time", "5"]).code
    return {
        "mosquitto_pub": run(["mosquitto_pub", *place]).code != 0,
        "mqx": run([mqx, "pub", *place]).code == 4,
        # 35 is a handshake that fails, 60 a certificate that is not believed.
        "curl": curl in (35, 60),
        "paho": paho_handshake(port, ca.parent) != 0,
        "mqttjs": run(["node", HANDSHAKE, f"mqtts://localhost:{port}", str(ca)]).code != 0,
    }


ASKING = MOSQUITTO + "require_certificate true\ncrlfile {dir}/ca.crl\n"

# Those that say something of clients too.
OF_CLIENTS = ["expired", "not-yet-valid", "unknown-ca", "self-signed", "revoked", "broken-chain"]


@pytest.mark.parametrize("name", ["mosquitto", "mqx"])
def test_brokers_refuse_clients_with_bad_certificates_and_accept_the_good_one(made, name, mqx, tmp_path):
    folder = made("ca", "server localhost --name good", "client ann", "bad")
    (port,) = free_ports(1)
    conf = tmp_path / "asking.conf"
    conf.write_text(ASKING.format(port=port, host=HOST, dir=folder, stem="good"))
    ask = f"--cafile {folder}/ca.crt --crl {folder}/ca.crl --require-client-cert"
    own = f"--cert {folder}/good.crt --key {folder}/good.key"
    broker = Program({
        "mosquitto": ["mosquitto", "-c", str(conf)],
        "mqx": [mqx, "broker", "-p", "0", "--tls-port", str(port), *ask.split(), *own.split()],
    }[name])
    broker.says("running") if name == "mosquitto" else broker.line()
    place = ["-h", "localhost", "-p", str(port), "--cafile", str(folder / "ca.crt"), "-t", "a", "-m", "b", "-q", "1"]
    accepted = {}
    for stem in ["ann", *OF_CLIENTS]:
        shown = ["--cert", str(folder / f"{stem}.crt"), "--key", str(folder / f"{stem}.key")]
        programs = ([mqx, "pub"], ["mosquitto_pub"])
        accepted[stem] = {run([*program, *place, *shown]).code == 0 for program in programs}
    broker.stop()
    assert accepted == {"ann": {True}, **{stem: {False} for stem in OF_CLIENTS}}


def test_every_client_does_its_duty_at_each_port_of_the_lab(mqx, tmp_path):
    broker = Program([mqx, "broker", "-p", "0", "--tls-lab", "--tls-dir", str(tmp_path)])
    broker.says("the key is another one's")
    rows = re.findall(r"port (\d+) +(\S+) +(connect|refuse)", broker.heard())
    assert len(rows) == 11
    for port, kind, duty in rows:
        # Who has no list of what was revoked cannot know it.
        refuses = duty == "refuse" and kind != "revoked"
        expected = {client: refuses and (kind, client) not in LENIENT for client in CLIENTS}
        assert refusals(mqx, port, tmp_path / "ca.crt") == expected, kind
    broker.stop()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_nothing_but_its_length_is_wrong_with_the_weak_key_of_the_lab(mqx, tmp_path, version):
    broker = Program([mqx, "broker", "-p", "0", "--tls-lab", "--tls-dir", str(tmp_path)])
    broker.says("the key is another one's")
    port = re.search(r"port (\d+) +weak-key", broker.heard())[1]
    for level, code in (("0", 0), ("2", 1)):
        shown = ["s_client", "-connect", f"localhost:{port}", version, "-cipher", f"DEFAULT@SECLEVEL={level}"]
        done = run(["openssl", *shown, "-CAfile", str(tmp_path / "ca.crt"), "-verify_return_error"])
        assert done.code == code, (level, done)
    broker.stop()


def test_clients_that_trust_the_ca_of_a_broker_reach_it_with_its_own_certificate(mqx, tmp_path):
    broker = Program([mqx, "broker", "-p", "0", "--tls", "auto", "--tls-port", "0", "--tls-dir", str(tmp_path)])
    broker.says("mqx sub --tls")
    port = re.search(r"-h localhost -p (\d+)", broker.heard())[1]
    assert refusals(mqx, port, tmp_path / "ca.crt") == dict.fromkeys(CLIENTS, False)
    assert openssl(tmp_path, "verify", "-x509_strict", "-CAfile", "ca.crt", "-purpose", "sslserver",
                   "-verify_hostname", "localhost", "server.crt").returncode == 0
    broker.stop()


def paho_handshake(port, folder):
    """0 if paho connects."""
    import paho.mqtt.client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.tls_set(str(folder / "ca.crt"))
    try:
        client.connect("localhost", int(port))
    except ssl.SSLError:
        return 1
    client.disconnect()
    return 0


def test_openssl_opens_the_pkcs12_and_the_encrypted_key(made):
    folder = made("ca", "client ann --key-password hunter2",
                  "bundle ann.crt --key-password hunter2 --password hunter3")
    opened = openssl(folder, "pkcs12", "-in", "ann.p12", "-passin", "pass:hunter3", "-nodes")
    assert opened.returncode == 0, opened
    assert opened.stdout.count("BEGIN CERTIFICATE") == 2 and "BEGIN PRIVATE KEY" in opened.stdout
    assert openssl(folder, "pkcs12", "-in", "ann.p12", "-passin", "pass:x", "-nodes").returncode != 0
    assert openssl(folder, "pkey", "-in", "ann.key", "-passin", "pass:hunter2", "-noout").returncode == 0


def test_openssl_reads_the_list_and_the_request(made):
    folder = made("ca", "client ann", "revoke ann.crt --reason keyCompromise", "csr broker.lan")
    listed = openssl(folder, "crl", "-in", "ca.crl", "-noout", "-text", "-CAfile", "ca.crt")
    assert "Key Compromise" in listed.stdout and "verify OK" in listed.stderr
    asked = openssl(folder, "req", "-in", "broker.lan.csr", "-noout", "-verify", "-text")
    assert "DNS:broker.lan" in asked.stdout and asked.returncode == 0


FOREIGN = [
    ("ec -pkeyopt ec_paramgen_curve:P-256", "/C=DE/O=A, B/CN=one", "subjectAltName=DNS:a.example,IP:10.0.0.1"),
    ("ec -pkeyopt ec_paramgen_curve:P-384", "/CN=two", "subjectAltName=URI:urn:a,email:a@b.example"),
    ("ec -pkeyopt ec_paramgen_curve:P-521", "/CN=three", "keyUsage=critical,keyCertSign,cRLSign"),
    ("ec -pkeyopt ec_paramgen_curve:secp256k1", "/CN=four", "extendedKeyUsage=serverAuth,codeSigning"),
    ("ED25519", "/CN=five/OU=x/OU=y", "basicConstraints=critical,CA:TRUE,pathlen:3"),
    ("ED448", "/CN=six", "basicConstraints=CA:FALSE"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "/emailAddress=a@b.example/CN=seven", "extendedKeyUsage=1.2.3.4"),
    ("RSA -pkeyopt rsa_keygen_bits:1024", "/CN=eight", "subjectAltName=dirName:d\n[d]\nCN=x"),
    ("RSA -pkeyopt rsa_keygen_bits:3072", "/CN=n\\+i\\=ne", "subjectAltName=RID:1.2.3"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "/CN=grüß", "subjectAltName=otherName:1.2.3;UTF8:x"),
]


def foreign(folder, number, algorithm, subject, extension):
    """A certificate that openssl has made and signed."""
    name, *options = algorithm.split()
    openssl(folder, "genpkey", "-algorithm", name, *options, "-out", f"{number}.key")
    (folder / "c.conf").write_text(f"[req]\ndistinguished_name=n\nx509_extensions=e\nstring_mask=utf8only\n"
                                   f"utf8=yes\n[n]\n[e]\nsubjectKeyIdentifier=hash\n{extension}\n")
    done = openssl(folder, "req", "-x509", "-new", "-utf8", "-key", f"{number}.key", "-subj", subject,
                   "-days", "7", "-config", "c.conf", "-out", f"{number}.crt")
    assert done.returncode == 0, done
    return f"{number}.crt"


def test_inspect_says_what_openssl_says_of_20_certificates(made, mqx):
    folder = made("init --subject C=TW,O=Foo", "bad expired wrong-host weak-key", "client é a@b.example urn:dev:1 --key-type rsa2048",
                  "server *.lan --key-type p384")
    files = sorted(path.name for path in folder.glob("*.crt"))
    files += [foreign(folder, number, *row) for number, row in enumerate(FOREIGN)]
    assert len(files) >= 20
    for file in files:
        told = json.loads(run_in(folder, [mqx, "certs", "inspect", "--json", file]).stdout)
        compare(folder, file, told["certificates"][0])


def compare(folder, file, told):
    words = ["-serial", "-subject", "-issuer", "-fingerprint", "-startdate", "-enddate", "-sha256", "-dateopt", "iso_8601"]
    style = ["-nameopt", "RFC2253,-esc_msb,utf8"]
    said = openssl(folder, "x509", "-in", file, "-noout", *words, *style).stdout
    said = dict(line.split("=", 1) for line in said.splitlines())
    assert told["serial"] == said["serial"], file
    assert (told["subject"], told["issuer"]) == (said["subject"], said["issuer"]), file
    fingerprint = next(value for name, value in said.items() if "ingerprint" in name)
    assert told["sha256"] == fingerprint.replace(":", ""), file
    dates = [said[name].replace(" ", "T") for name in ("notBefore", "notAfter")]
    assert [told["not_before"], told["not_after"]] == dates, file
    text = openssl(folder, "x509", "-in", file, "-noout", "-text").stdout
    bits = re.search(r"Public-Key: \((\d+) bit", text)
    assert not bits or told["key"]["bits"] == int(bits[1]), file
    assert told["is_ca"] == ("CA:TRUE" in text), file
    signature = re.search(r"Signature Algorithm: (\S+)", text)[1]
    assert told["signature"].lower() == signature.lower(), file
    names = re.search(r"Subject Alternative Name:.*\n\s+(.*)", text)
    simple = [name for name in told["names"] if name.startswith(("DNS:", "URI:", "email:"))]
    assert all(name in names[1] for name in simple), (file, told["names"])
    assert len(told["names"]) == (len(names[1].split(", ")) if names else 0), file
    compare_extensions(file, told, text)


# What openssl writes of a usage, and its name in the standard.
USAGES = {
    "Digital Signature": "digitalSignature", "Non Repudiation": "nonRepudiation", "Key Encipherment": "keyEncipherment",
    "Certificate Sign": "keyCertSign", "CRL Sign": "cRLSign", "TLS Web Server Authentication": "serverAuth",
    "TLS Web Client Authentication": "clientAuth", "Code Signing": "codeSigning",
}


def compare_extensions(file, told, text):
    """The usages, the identifiers of keys, and how many CAs may be below."""

    def said(name):
        found = re.search(rf"{name}:.*\n\s+(.*)", text)
        return found[1].split(", ") if found else []

    assert told["key_usage"] == [USAGES[usage] for usage in said("X509v3 Key Usage")], file
    assert told["extended_key_usage"] == [USAGES.get(usage, usage) for usage in said("Extended Key Usage")], file
    for name, id_ in (("Subject Key Identifier", "subject_key_id"), ("Authority Key Identifier", "authority_key_id")):
        found = [each.removeprefix("keyid:").replace(":", "") for each in said(name)]
        assert ([told[id_]] if told[id_] else []) == found, file
    length = re.search(r"pathlen:(\d+)", text)
    assert told["path_length"] == (int(length[1]) if length else None), file
    address = [name.removeprefix("IP:") for name in told["names"] if name.startswith("IP:")]
    assert address.count("127.0.0.1") == text.count("IP Address:127.0.0.1"), file
