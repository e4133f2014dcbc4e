// SPDX-License-Identifier: Apache-2.0
// The page's telephone: one identity, one connection, one call at a time. What a test may do is `window.phone`; what happens is
// told by `window.tell`, which the driver provides.
// Calls, tokens and the connection are the subscriber's page's (gateway/web/subscriber).
import { Call } from "./call.js";
import { Connection } from "./connection.js";
import { makeKey } from "./jws.js";
import { Recorder, microphone } from "./sound.js";

// Lies by name, because a function cannot cross from the driver.
const otherFingerprint = (sdp) =>
  sdp.replace(/^(a=fingerprint:sha-256 )(\S\S)/m, (_, head, octet) => head + (octet === "00" ? "01" : "00"));
const LIES = {
  none: {},
  signs_another_fingerprint: { claims: { mky: [{ alg: "sha-256", dig: Array(32).fill("AB").join(":") }] } },
  describes_another_certificate: { sent: otherFingerprint },
  is_sent_another_fingerprint: { arrived: otherFingerprint },
};

const phone = {
  seen: new Set(),
  iceConfiguration: {},
  recorder: new Recorder(),
  sound: {
    microphone,
    hear: (stream) => phone.recorder.start(stream),
    hush: () => phone.recorder.stop(),
  },
  tell: (event) => window.tell(event),

  connect(url) {
    phone.url = url;
    phone.connection = new Connection(url, (frame) => phone.take(frame), () => phone.tell({ event: "disconnected" }));
    return phone.connection.hello;
  },

  async logIn(url, name, passphrase) {
    const key = await makeKey();
    await phone.connect(url);
    const granted = await phone.connection.logIn(name, passphrase, key);
    phone.identity = { key, name: granted.name, credential: granted.credential, authority: granted.authority };
    await phone.connection.attach(phone.identity);
    return { name: granted.name, extractable: key.privateKey.extractable };
  },

  // Another connection of the same device: it takes the place of the one that was.
  async attachAgain() {
    await phone.connect(phone.url);
    await phone.connection.attach(phone.identity);
  },

  request: (type, body) => phone.connection.request(type, body),

  // Only through the relay that the gateway names; `transport` picks among its addresses.
  async useRelay(transport) {
    const { urls, username, credential } = await phone.connection.request("turn");
    const chosen = urls.filter((url) => url.endsWith(`transport=${transport}`));
    phone.iceConfiguration = { iceServers: [{ urls: chosen, username, credential }], iceTransportPolicy: "relay" };
    return { urls, username };
  },

  useAnyPath() {
    phone.iceConfiguration = {};
  },

  async place(number, lie = "none") {
    const parties = { origin: `tollgate:${phone.identity.name}`, destination: number };
    phone.recorder = new Recorder();
    phone.call = Object.assign(new Call(phone, crypto.randomUUID(), parties), LIES[lie]);
    await phone.call.place();
    return phone.call.id;
  },

  async take(frame) {
    if (frame.t === "offer") {
      const parties = { origin: frame.body.from ? `tel:${frame.body.from}` : "anonymous", destination: frame.to };
      phone.recorder = new Recorder();
      phone.call = new Call(phone, frame.call, parties);
      return phone.call.ring(frame.body);
    }
    if (frame.call && frame.call === phone.call?.id && frame.t !== "event") return phone.call.take(frame);
    return phone.tell({ event: frame.t, call: frame.call, ...frame.body });
  },

  answer: () => phone.call.answer(),
  restart: () => phone.call.restart(),
  hangUp: (code) => phone.call.hangUp(code),
  abandon: () => phone.call?.abandon(),
  press: (digits, durationMs) => phone.call.press(digits, durationMs),
  facts: () => phone.call.facts(),
  takeRecording: () => phone.recorder.take(),
};

window.phone = phone;
