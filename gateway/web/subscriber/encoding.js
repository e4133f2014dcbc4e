// SPDX-License-Identifier: Apache-2.0
// Base64url without padding (RFC 7515 §2), digests, random numbers.

const utf8 = new TextEncoder();

export const bytesOf = (text) => utf8.encode(text);

// Of RFC 4648 §4, for audio; at most some ten thousand bytes at once.
export const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

export function base64url(bytes) {
  const text = base64(bytes);
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

export const sha256 = async (text) => base64url(await crypto.subtle.digest("SHA-256", bytesOf(text)));

// Of bytes, as lower-case hex.
export async function sha256Hex(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

export const randomText = (bytes) => base64url(crypto.getRandomValues(new Uint8Array(bytes)));

export const nowInSeconds = () => Math.floor(Date.now() / 1000);
