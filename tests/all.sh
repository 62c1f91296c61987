#!/usr/bin/env bash
# Runs every test of mqx: format, lints, documentation, unit and integration
# tests, the fuzz targets' build, and the tests with real clients and servers.
#
# As root on Debian or Ubuntu it installs what is missing; elsewhere it says
# what it lacks and fails. Python and Node packages go below target/.
set -euo pipefail
cd "$(dirname "$0")/.."

peers=$PWD/target/peers
commands=(cc c++ curl mosquitto mosquitto_pub mosquitto_sub mosquitto_rr openssl node npm python3 redis-server redis-cli)
packages=(build-essential curl libssl-dev mosquitto mosquitto-clients openssl nodejs npm python3 python3-venv redis-server)

step() { printf '\n== %s\n' "$*"; }

have() { command -v "$1" > /dev/null; }

missing() {
    for command in "${commands[@]}"; do
        have "$command" || echo "$command"
    done
    python3 -c 'import ensurepip' 2> /dev/null || echo python3-venv
    echo '#include <openssl/ssl.h>' | cc -E - > /dev/null 2>&1 || echo libssl-dev
}

# RUNLEVEL keeps Debian from starting the broker it installs as a service.
install_packages() {
    local wanted=() package
    for package in "${packages[@]}"; do
        # Node may have come with its own npm.
        if [[ $package == nodejs || $package == npm ]] && have node && have npm; then
            continue
        fi
        wanted+=("$package")
    done
    apt-get update
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${wanted[@]}"
}

install_peers() {
    # Debian keeps the broker where only root looks.
    PATH=$PATH:/usr/sbin
    if [[ -n $(missing) ]] && ((EUID == 0)) && have apt-get; then
        install_packages
    fi
    if [[ -n $(missing) ]]; then
        echo "tests/all.sh: missing:" $(missing) >&2
        echo "hint: on Debian or Ubuntu: apt-get install ${packages[*]}" >&2
        exit 1
    fi
    [[ -x $peers/venv/bin/python ]] || python3 -m venv "$peers/venv"
    "$peers/venv/bin/python" -m pip install --quiet --requirement tests/peers/requirements.txt
    mkdir -p "$peers/node"
    cp tests/peers/package.json "$peers/node/"
    (cd "$peers/node" && npm install --silent --no-audit --no-fund --no-package-lock)
}

step "peers: mosquitto, paho-mqtt, MQTT.js"
install_peers

step "format"
cargo fmt --check

step "lints"
cargo clippy --all-targets -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

step "fuzz targets compile"
# With the versions that mqx is built with; libfuzzer-sys is added to them.
cp Cargo.lock tests/fuzz/Cargo.lock
(cd tests/fuzz && cargo check --target-dir ../../target/fuzz)

step "unit and integration tests"
cargo test

step "tests with real clients and servers"
cargo build
MQX=$PWD/target/debug/mqx NODE_PATH=$peers/node/node_modules PYTHONDONTWRITEBYTECODE=1 \
    "$peers/venv/bin/python" -m pytest tests/peers "$@"
