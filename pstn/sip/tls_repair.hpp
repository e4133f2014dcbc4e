// SPDX-License-Identifier: Apache-2.0
// What Debian's Sofia-SIP (1.12.11) does wrong with TLS connections, put right from outside.
#pragma once

namespace tollgate::pstn::sip {

/// Whether our tls_free() and tls_init_master() stand in the place of the library's, and it is the one for
/// which they are written. They free each connection's SSL object when it ends (the library keeps every one
/// for ever: 58 to 78 kB a connection, whichever way it ends; 0.7 kB of a good one's certificate stay), leave
/// no error in OpenSSL's queue (from where it would be taken for the next connection's), and have nothing
/// older than TLS 1.2 spoken (RFC 8996). Without that there is no TLS.
bool tls_is_repaired() noexcept;

}  // namespace tollgate::pstn::sip
