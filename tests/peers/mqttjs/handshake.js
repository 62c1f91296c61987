// MQTT.js meets a certificate: exits with 0 if it connects, else with 1 and the code of
// the failure on stdout.
// Usage: node handshake.js URL CA
"use strict";
const fs = require("node:fs");
const mqtt = require("mqtt");

const [url, ca] = process.argv.slice(2);
const client = mqtt.connect(url, { ca: fs.readFileSync(ca), reconnectPeriod: 0, connectTimeout: 10_000 });
client.on("connect", () => client.end(() => process.exit(0)));
client.on("error", (error) => {
  console.log(error.code ?? error.message);
  process.exit(1);
});
