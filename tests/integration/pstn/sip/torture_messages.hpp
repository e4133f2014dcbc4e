// SPDX-License-Identifier: Apache-2.0
// The messages of RFC 4475 (torture tests) and RFC 5118 (IPv6), written from these RFCs, and what a user
// agent that takes calls makes of each.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tollgate::tests::sip {

struct torture {
  const char* name;  ///< as in the RFC
  /// Lines end with \n here. VIA stands for "SIP/2.0/UDP <where the test listens>", so that answers come
  /// back.
  std::string text;
  /// "call": an INVITE that is told; a status; "silence".
  std::string expected;
};

// A message with the NULs that some have.
template <std::size_t size>
std::string text(const char (&literal)[size]) {
  return std::string(literal, size - 1);
}

std::vector<torture> rfc_4475_parser();
std::vector<torture> rfc_4475_layers();
std::vector<torture> rfc_5118();

}  // namespace tollgate::tests::sip
