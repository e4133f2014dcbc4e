// SPDX-License-Identifier: Apache-2.0
// The subscriber's telephone without its looks: one identity, a connection that is made anew when it breaks, one call at a time,
// credit, call list and voicemail. Whatever changes is told to `changed`.
import { Call } from "./call.js";
import { Connection } from "./connection.js";
import { base64, fromBase64url, sha256Hex } from "./encoding.js";
import { makeKey } from "./jws.js";
import { forgetIdentity, keepIdentity, keptIdentity } from "./storage.js";

const PAUSE_FIRST_MS = 1000;
const PAUSE_MOST_MS = 60000;
const PIECE_BYTES = 11000;
// Log-in is needed again; every other refusal of attach passes.
const CREDENTIAL_ENDED = new Set(["credential_expired", "credential_foreign", "token_bad_signature", "key_malformed"]);

export class Telephone {
  seen = new Set(); // ids of call tokens
  iceConfiguration = {};
  credit = null;
  unheard = 0;
  call = null; // {number, state, incoming (the offer), ready, price, answeredAt, warning, ended}
  attached = false;

  // `sound` as Call wants it; `changed(what)` with "identity", "connection", "credit", "call", "calls", "voicemail" or "notice".
  constructor(url, sound, changed) {
    Object.assign(this, { url, sound, changed });
  }

  async start() {
    this.identity = await keptIdentity();
    if (this.identity) await this.#attach();
    this.changed("identity");
  }

  async logIn(name, passphrase) {
    const key = await makeKey();
    const connection = this.#connect();
    const granted = await connection.logIn(name, passphrase, key);
    this.identity = { key, name: granted.name, credential: granted.credential, authority: granted.authority };
    await keepIdentity(this.identity);
    await this.#attachTo(connection);
    this.changed("identity");
  }

  async logOut() {
    await forgetIdentity();
    this.identity = undefined;
    this.active?.abandon();
    this.connection?.close();
    this.changed("identity");
  }

  #connect() {
    const connection = new Connection(this.url, (frame) => this.#take(frame), () => this.#lost(connection));
    return connection;
  }

  async #attachTo(connection) {
    await connection.attach(this.identity);
    this.connection = connection;
    this.attached = true;
    this.refusal = undefined;
    this.pause = PAUSE_FIRST_MS;
    this.changed("connection");
    await this.#relays();
    this.#refresh();
  }

  async #attach() {
    try {
      await this.#attachTo(this.#connect());
    } catch (failure) {
      if (CREDENTIAL_ENDED.has(failure.code ?? failure.message)) {
        await this.logOut();
        this.notice = { kind: "logged_out", text: failure.text ?? "Log in again." };
        return this.changed("notice");
      }
      this.refusal = failure.text; // "suspended" and the like
      this.changed("connection");
      // #lost tries again: the connection has been closed, or never was
    }
  }

  // A pause that grows, drawn at random: the gateway may have lost all of its devices at once.
  #lost(connection) {
    if (this.connection && connection !== this.connection) return;
    this.attached = false;
    this.changed("connection");
    if (!this.identity) return;
    this.pause = Math.min(PAUSE_MOST_MS, (this.pause ?? PAUSE_FIRST_MS) * 2);
    this.connection = undefined;
    setTimeout(() => this.identity && !this.attached && this.#attach(), this.pause * (0.5 + Math.random() / 2));
  }

  // Where the network lets nothing else through; a gateway without relays says so.
  async #relays() {
    try {
      const { urls, username, credential } = await this.connection.request("turn");
      this.iceConfiguration = { iceServers: [{ urls, username, credential }] };
    } catch {
      this.iceConfiguration = {};
    }
  }

  async #refresh() {
    try {
      this.credit = await this.connection.request("balance");
      this.changed("credit");
      this.changed("calls");
    } catch {} // told when the connection is back
  }

  rate = (number) => this.connection.request("rate", { number });
  calls = (before) => this.connection.request("calls", { limit: 20, ...(before && { before }) });
  numbers = () => this.connection.request("numbers");
  changeNumber = (number, wanted) => this.connection.request("numbers", { number, ...wanted });
  terms = (number) => this.connection.request("numbers", { op: "terms", number });
  renewNumber = (number) => this.connection.request("numbers", { op: "renew", number });
  rentNumber = (number, months) => this.connection.request("numbers", { op: "rent", number, term_months: months, order: crypto.randomUUID() });
  mailbox = (wanted) => this.connection.request("voicemail", { op: "settings", ...wanted });
  messages = (state, before) => this.connection.request("voicemail", { op: "list", state, ...(before && { before }) });

  // A message or a greeting as a Blob of Ogg Opus, whole and unaltered.
  recording = (id) => this.#fetch({ op: "fetch", id });
  greeting = (situation) => this.#fetch({ op: "greeting_fetch", situation });

  async #fetch(what) {
    const parts = [];
    let offset = 0;
    for (let size = 1; offset < size; ) {
      const part = await this.connection.request("voicemail", { ...what, offset });
      const bytes = fromBase64url(part.data);
      if (bytes.length === 0) throw new Error("the recording ended early");
      parts.push(bytes);
      offset += bytes.length;
      size = part.size_bytes;
      this.expected = part.sha256;
    }
    const whole = new Blob(parts, { type: "audio/ogg" });
    if ((await sha256Hex(await whole.arrayBuffer())) !== this.expected) throw new Error("the recording was altered on its way");
    return whole;
  }

  greetings = () => this.connection.request("voicemail", { op: "greetings" });
  deleteGreeting = (situation) => this.connection.request("voicemail", { op: "greeting_delete", situation });

  // A sound file's bytes, in pieces that fit into frames.
  async keepGreeting(situation, bytes) {
    for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
      const data = base64(bytes.subarray(offset, offset + PIECE_BYTES));
      await this.#patiently({ op: "greeting_put", situation, offset, size_bytes: bytes.length, data });
    }
  }

  // A long recording may take more requests than a minute has.
  async #patiently(body) {
    for (;;) {
      try {
        return await this.connection.request("voicemail", body);
      } catch (failure) {
        if (failure.code !== "rate_limited") throw failure;
        await new Promise((resolve) => setTimeout(resolve, 5000));
      }
    }
  }

  changeMessage = (op, id, state) => this.connection.request("voicemail", { op, id, ...(state && { state }) });

  // Calls

  async place(number) {
    this.call = { number, state: "connecting" };
    this.changed("call");
    const parties = { origin: `tollgate:${this.identity.name}`, destination: number };
    this.active = new Call(this, crypto.randomUUID(), parties);
    try {
      await this.#relays(); // their credentials end after ten minutes
      await this.active.place();
    } catch (failure) {
      this.#end({ code: "failed", text: failure.message });
    }
  }

  async answer() {
    try {
      await this.active.answer();
    } catch (failure) {
      this.active.hangUp("failed");
      this.#end({ code: "failed", text: failure.message });
    }
  }

  // The gateway's answer has the price; a call that was never answered has none to wait for.
  hangUp(code = "normal") {
    const { active } = this;
    if (!active) return;
    active.hangUp(code);
    const end = () => active === this.active && this.#end({ code });
    if (this.call.state === "answered") setTimeout(end, 5000);
    else end();
  }

  press = (digit) => this.active?.press(digit, 120);

  dismiss() {
    this.call = null;
    this.changed("call");
  }

  #end(reason) {
    this.active?.close();
    this.active = null;
    Object.assign(this.call, { state: "ended", ended: reason });
    this.changed("call");
    this.#refresh();
  }

  async #take(frame) {
    if (frame.t === "offer") return this.#ring(frame);
    if (frame.t === "event") return this.#happened(frame);
    if (frame.call && frame.call === this.active?.id) return this.active.take(frame).catch(console.error); // a token that is wrong is told by "refused"
  }

  async #ring(frame) {
    if (this.active) return this.connection.send("hangup", { call: frame.call, body: { code: "busy", text: "" } });
    const { from } = frame.body;
    this.call = { number: from || "withheld", state: "rings", incoming: frame.body };
    this.active = new Call(this, frame.call, { origin: from ? `tel:${from}` : "anonymous", destination: frame.to });
    this.changed("call");
    try {
      await this.active.ring(frame.body);
      this.call.ready = true; // to be answered: their description has been verified
      this.changed("call");
    } catch (failure) {
      this.active?.hangUp("failed");
      this.#end({ code: "failed", text: failure.message });
    }
  }

  // What Call tells.
  tell(event) {
    if (event.call !== this.active?.id) return;
    if (event.event === "ring" || event.event === "answer") {
      if (event.price_per_minute_micros !== undefined) this.call.price = event;
      this.call.state = event.event === "answer" ? "answered" : event.state ?? "rings";
    }
    if (event.event === "connection" && event.state === "connected" && this.call.incoming) this.call.state = "answered";
    if (this.call.state === "answered") this.call.answeredAt ??= performance.now();
    if (event.event === "refused") return this.#end({ code: event.code, text: "The gateway could not prove who it is." });
    if (event.event === "hangup") return this.#end(event);
    if (event.event === "taken") return this.#end({ code: "taken", text: "Answered at another device." });
    this.changed("call");
  }

  #happened({ body, call }) {
    if (body.kind === "voicemail") {
      this.unheard = body.new;
      return this.changed("voicemail");
    }
    if (call && call === this.active?.id) {
      if (body.kind === "low_credit") this.call.warning = body;
      if (body.kind === "credit_extended") this.call.warning = undefined; // paid for meanwhile
      if (body.kind === "call_failed") this.call.state = body.text;
      return this.changed("call");
    }
    this.notice = body;
    this.changed("notice");
    return this.#refresh();
  }
}
