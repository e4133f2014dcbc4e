// SPDX-License-Identifier: Apache-2.0
// One signalling connection (gateway/overlay/wire.md §1-3): frames, requests and their replies, log-in, attach.
import { nowInSeconds } from "./encoding.js";
import { importJwk, publicJwk, sign, verify } from "./jws.js";

export class Refused extends Error {
  constructor(body) {
    super(`${body.code}: ${body.text}`);
    this.code = body.code;
    this.text = body.text;
  }
}

export class Connection {
  // `onFrame` gets every frame that is no reply; `onClose` is called once.
  constructor(url, onFrame, onClose) {
    this.replies = new Map();
    this.requests = 0;
    this.onFrame = onFrame;
    this.socket = new WebSocket(url, "tollgate.1");
    this.hello = new Promise((resolve, reject) => {
      this.helloArrived = resolve;
      this.socket.onerror = () => reject(new Error("the connection failed"));
    });
    this.socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    this.socket.onclose = () => {
      for (const { reject } of this.replies.values()) reject(new Error("the connection was closed"));
      onClose?.();
    };
  }

  #take(frame) {
    if (frame.t === "hello") return this.helloArrived(frame.body);
    const waiting = this.replies.get(frame.id);
    if (!waiting) return this.onFrame(frame);
    this.replies.delete(frame.id);
    return frame.t === "error" ? waiting.reject(new Refused(frame.body)) : waiting.resolve(frame.body);
  }

  send(type, members) {
    this.socket.send(JSON.stringify({ v: 1, t: type, ...members }));
  }

  request(type, body = {}) {
    const id = ++this.requests;
    return new Promise((resolve, reject) => {
      this.replies.set(id, { resolve, reject });
      this.send(type, { id, body });
    });
  }

  async logIn(name, passphrase, key) {
    await this.hello;
    return this.request("login", { name, passphrase, key: await publicJwk(key) });
  }

  // Proves possession of the key, and holds the node to its credential. Keeps the node's name and key.
  async attach(identity) {
    const hello = await this.hello;
    const proof = { sub: identity.name, aud: hello.node, nonce: hello.nonce, iat: nowInSeconds() };
    const attached = await this.request("attach", {
      credential: identity.credential,
      proof: await sign(identity.key, "tollgate-attach", proof),
    });
    const authority = await importJwk(identity.authority);
    const node = await verify(authority, "tollgate-credential", attached.node_credential);
    const now = nowInSeconds();
    if (node.role !== "node" || node.sub !== hello.node || now >= node.exp || now < node.iat - 60) {
      throw new Error("credential_foreign");
    }
    this.node = { name: node.sub, key: await importJwk(node.cnf.jwk) };
  }

  close() {
    this.socket.close();
  }
}
