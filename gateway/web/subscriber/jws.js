// SPDX-License-Identifier: Apache-2.0
// Compact JWS by ES256 (RFC 7515 §3.1) with a fixed header, as gateway/overlay/wire.md §4 has it. WebCrypto's signatures are
// r and s, 32 bytes each: the form that JWS wants.
import { base64url, bytesOf, fromBase64url } from "./encoding.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

// A pair whose private half never leaves WebCrypto.
export const makeKey = () => crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);

export async function publicJwk(pair) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { kty, crv, x, y };
}

export const importJwk = (jwk) => crypto.subtle.importKey("jwk", jwk, CURVE, false, ["verify"]);

export async function sign(pair, type, claims) {
  const part = (value) => base64url(bytesOf(JSON.stringify(value)));
  const text = `${part({ alg: "ES256", typ: type })}.${part(claims)}`;
  return `${text}.${base64url(await crypto.subtle.sign(SIGNATURE, pair.privateKey, bytesOf(text)))}`;
}

// The claims of a token of this type and key; throws for any other.
export async function verify(key, type, token) {
  const parts = token.split(".");
  const header = JSON.parse(new TextDecoder().decode(fromBase64url(parts[0])));
  if (parts.length !== 3 || header.alg !== "ES256") throw new Error("token_wrong_algorithm");
  if (header.typ !== type) throw new Error("token_wrong_type");
  const signature = fromBase64url(parts[2]);
  if (!(await crypto.subtle.verify(SIGNATURE, key, signature, bytesOf(`${parts[0]}.${parts[1]}`)))) {
    throw new Error("token_bad_signature");
  }
  return JSON.parse(new TextDecoder().decode(fromBase64url(parts[1])));
}
