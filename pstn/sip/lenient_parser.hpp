// SPDX-License-Identifier: Apache-2.0
// Requests whose first line cannot be read. The library drops them before it asks anybody; RFC 4475 and RFC 5118 want
// 400. What is legible is kept here, so that it can answer.
#pragma once

#include "pstn/sip/sofia.hpp"

namespace tollgate::pstn::sip {

/// Has this parser, ours alone, keep the method of a request line with an unreadable URI or a strange method. Once,
/// before any stack.
void make_lenient(msg_mclass_t& parser);

/// Whether something of this message could not be read though it was kept: it must be refused. Says so once.
bool take_unreadable(msg_t* message);

}  // namespace tollgate::pstn::sip
