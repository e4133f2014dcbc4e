// SPDX-License-Identifier: Apache-2.0
// Call tokens (gateway/overlay/wire.md §4): what is signed with every SDP, and what a reader insists on.
import { nowInSeconds, randomText, sha256 } from "./encoding.js";
import { sign, verify } from "./jws.js";

const PROFILE = "SRTP_AEAD_AES_256_GCM";

export const fingerprintOf = (sdp) => /^a=fingerprint:sha-256 (\S+)/m.exec(sdp)[1].toUpperCase();

// `changed` replaces claims: only a test lies.
export async function signCall(key, { call, role, origin, destination, audience, answers, sdp }, changed = {}) {
  const claims = {
    orig: { uri: origin },
    dest: { uri: [destination] },
    aud: audience,
    iat: nowInSeconds(),
    jti: randomText(12),
    call,
    role,
    mky: [{ alg: "sha-256", dig: fingerprintOf(sdp) }],
    sdp: await sha256(sdp),
    srtp: PROFILE,
    ver: 1,
    ...(answers && { ofr: answers }),
    ...changed,
  };
  return { token: await sign(key, "tollgate-call", claims), id: claims.jti };
}

// The claims, or an error named as the protocol names it.
export async function verifyCall(key, token, expected, seen) {
  const claims = await verify(key, "tollgate-call", token);
  const insist = (good, code) => {
    if (!good) throw new Error(code);
  };
  insist(Math.abs(claims.iat - nowInSeconds()) <= 60, "token_stale");
  insist(!seen.has(claims.jti), "token_replayed");
  insist(claims.orig.uri === expected.origin, "token_wrong_origin");
  insist(claims.dest.uri.length === 1 && claims.dest.uri[0] === expected.destination, "token_wrong_destination");
  insist(claims.aud === expected.audience, "token_wrong_destination");
  insist(claims.call === expected.call && claims.role === expected.role, "token_wrong_call");
  insist(expected.role === "offer" || claims.ofr === expected.answers, "token_wrong_offer");
  insist(claims.mky[0].dig === fingerprintOf(expected.sdp), "token_wrong_fingerprint");
  insist(claims.sdp === (await sha256(expected.sdp)), "token_wrong_description");
  insist(claims.srtp === PROFILE && claims.ver === 1, "token_wrong_profile");
  seen.add(claims.jti);
  return claims;
}
