// One session of MQTT.js: subscribes, publishes at every QoS, prints what it
// saw as one line of JSON.
// Usage: node session.js URL VERSION TOPIC [CA [CERT KEY]]
"use strict";
const fs = require("node:fs");
const mqtt = require("mqtt");

const [url, version, topic, ca, cert, key] = process.argv.slice(2);
const read = (path) => (path ? fs.readFileSync(path) : undefined);

async function main() {
  const client = await mqtt.connectAsync(url, {
    protocolVersion: Number(version),
    protocolId: version === "3" ? "MQIsdp" : "MQTT",
    ca: read(ca),
    cert: read(cert),
    key: read(key),
    reconnectPeriod: 0,
    connectTimeout: 10_000,
  });
  const seen = [];
  const all = new Promise((resolve) => {
    client.on("message", (name, payload, packet) => {
      const user = packet.properties?.userProperties;
      seen.push({ topic: name, payload: payload.toString(), qos: packet.qos, retain: packet.retain, user: user && { ...user } });
      if (seen.length === 4) resolve([...seen]);
    });
  });
  const kept = { qos: 1, retain: true };
  await client.publishAsync(`${topic}/kept`, "kept", kept);
  const granted = await client.subscribeAsync(`${topic}/#`, { qos: 2 });
  const properties = version === "5" ? { userProperties: { a: "1" } } : undefined;
  for (const qos of [0, 1, 2]) {
    await client.publishAsync(`${topic}/${qos}`, `at ${qos}`, { qos, properties });
  }
  const told = { granted: granted.map((each) => each.qos), seen: await all };
  await client.publishAsync(`${topic}/kept`, "", { ...kept });
  await client.unsubscribeAsync(`${topic}/#`);
  await client.endAsync();
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
