// SPDX-License-Identifier: Apache-2.0
// One call of the page, out or in (gateway/overlay/wire.md §5, §6): an RTCPeerConnection with one audio track, every SDP with
// its token, and what happened when.
import { fingerprintOf, signCall, verifyCall } from "./call_token.js";

export class Call {
  // `phone` has connection, identity, seen (token ids), tell(event), iceConfiguration and sound: microphone() gives a
  // MediaStream, hear(stream) makes one heard, hush() ends that.
  constructor(phone, id, { origin, destination }) {
    Object.assign(this, { phone, id, origin, destination });
    this.times = {};
  }

  // What is signed and sent, and what has come: as it is.
  claims = {};
  #before = Promise.resolve(); // until the frames so far are taken
  sent = (sdp) => sdp;
  arrived = (sdp) => sdp;

  async #setUp() {
    this.peer = new RTCPeerConnection(this.phone.iceConfiguration);
    this.peer.onconnectionstatechange = () => {
      const state = this.peer.connectionState;
      this.#note(state);
      this.#tell("connection", { state });
    };
    this.peer.ontrack = ({ track }) => this.phone.sound.hear(new MediaStream([track])); // the gateway names no stream
    this.peer.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#send("trickle", { candidates: [candidate.candidate] });
    };
    this.stream = await this.phone.sound.microphone();
    for (const track of this.stream.getAudioTracks()) this.peer.addTrack(track, this.stream);
  }

  #note(what) {
    this.times[what] ??= performance.now();
  }

  #tell(kind, facts = {}) {
    this.phone.tell({ event: kind, call: this.id, ...facts });
  }

  #send(type, body = {}, members = {}) {
    this.phone.connection.send(type, { call: this.id, body, ...members });
  }

  // What is ours goes out as `type`, signed; a role of "answer" names their offer.
  async #sendDescription(type, role, members = {}) {
    const { node } = this.phone.connection;
    const sdp = this.sent(this.peer.localDescription.sdp);
    const facts = { call: this.id, role, origin: this.origin, destination: this.destination };
    const signed = await signCall(
      this.phone.identity.key,
      { ...facts, audience: node.name, answers: role === "answer" && this.theirOffer, sdp },
      this.claims,
    );
    if (role === "offer") this.ownOffer = signed.id;
    this.#send(type, { sdp, token: signed.token }, members);
  }

  // Their description, once its token has been verified; a wrong one ends the call.
  async #takeDescription(body, role) {
    const { node } = this.phone.connection;
    const sdp = this.arrived(body.sdp);
    const facts = { call: this.id, role, origin: this.origin, destination: this.destination, answers: this.ownOffer, sdp };
    const expected = { ...facts, audience: this.phone.identity.name };
    try {
      const claims = await verifyCall(node.key, body.token, expected, this.phone.seen);
      if (role === "offer") this.theirOffer = claims.jti;
    } catch (failure) {
      this.#tell("refused", { code: failure.message });
      this.hangUp(failure.message);
      throw failure;
    }
    await this.peer.setRemoteDescription({ type: role, sdp });
  }

  async place() {
    await this.#setUp();
    await this.peer.setLocalDescription();
    await this.#sendDescription("offer", "offer", { to: this.destination });
  }

  async ring(body) {
    await this.#setUp();
    await this.#takeDescription(body, "offer");
    this.#send("ring");
    this.#tell("incoming", { from: body.from, from_name: body.from_name });
  }

  async answer() {
    await this.peer.setLocalDescription();
    this.#note("description");
    await this.#sendDescription("answer", "answer");
  }

  // The network has changed, or was away: new candidates and credentials under the same keys.
  async restart() {
    this.peer.restartIce();
    await this.peer.setLocalDescription();
    await this.#sendDescription("restart", "offer");
  }

  // What has come, in its order: an answer may arrive while the description before it is still being verified. An end waits for
  // nothing.
  take(frame) {
    if (frame.t === "hangup" || frame.t === "taken") return this.#takeNow(frame);
    const taken = this.#before.then(() => this.#takeNow(frame));
    this.#before = taken.catch(() => {}); // told by `taken`
    return taken;
  }

  async #takeNow(frame) {
    const { t: type, body } = frame;
    if (body?.sdp) {
      this.#note("description"); // before the checks: they are part of what the caller waits for
      await this.#takeDescription(body, "answer");
    }
    if (type === "answer") this.#note("answered");
    this.#tell(type, { ...body, sdp: undefined, token: undefined, fingerprint: body?.sdp && fingerprintOf(body.sdp) });
    if (type === "hangup" || type === "taken") this.close();
  }

  hangUp(code = "normal") {
    this.#send("hangup", { code, text: "" });
  }

  press(digits, durationMs) {
    const sender = this.peer.getSenders().find((one) => one.dtmf);
    sender.dtmf.insertDTMF(digits, durationMs, 70);
  }

  // What the browser itself says of its transport and of the pair in use.
  async facts() {
    const stats = [...(await this.peer.getStats()).values()];
    const transport = stats.find((one) => one.type === "transport");
    const byId = (id) => stats.find((one) => one.id === id);
    const pair = byId(transport.selectedCandidatePairId);
    return {
      srtp: transport.srtpCipher,
      dtls: transport.dtlsCipher,
      dtlsState: transport.dtlsState,
      local: pair && byId(pair.localCandidateId),
      remote: pair && byId(pair.remoteCandidateId),
      inbound: stats.find((one) => one.type === "inbound-rtp"),
      outbound: stats.find((one) => one.type === "outbound-rtp"),
      times: this.times,
    };
  }

  // Ends it, whatever it is doing.
  abandon() {
    if (!this.closed) this.hangUp();
    this.close();
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.phone.sound.hush();
    this.peer?.close();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }
}
