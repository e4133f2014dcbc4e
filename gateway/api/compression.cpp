// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/compression.hpp"

#include <zlib.h>

#include <new>

#include "gateway/api/optional_whitespace.hpp"

namespace tollgate::gateway::api {
namespace {

constexpr int gzip_window = 15 + 16;  // deflateInit2: the largest window, with gzip's header
constexpr int effort = 3;             // most of the gain at a third of the time
constexpr int memory = 8;

bool is_refused(std::string_view parameter) {
  parameter = trimmed(parameter);
  if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) return false;
  return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const std::string_view one = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(one.size() + 1, accept_encoding.size()));
    const std::size_t semicolon = one.find(';');
    const std::string_view coding = trimmed(one.substr(0, semicolon));
    const bool refused = semicolon != std::string_view::npos && is_refused(one.substr(semicolon + 1));
    if (coding == "gzip" || coding == "x-gzip") return !refused;
    if (coding == "*") any = !refused;
  }
  return any;
}

bool is_compressible(std::string_view content_type) {
  return content_type.starts_with("application/json") || content_type.starts_with("application/problem+json") ||
         content_type.starts_with("application/x-ndjson") || content_type.starts_with("text/");
}

std::string gzip(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, effort, Z_DEFLATED, gzip_window, memory, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, plain.size()), '\0');
  // zlib reads through a pointer that its interface does not declare const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) throw std::bad_alloc();
  return out;
}

}  // namespace tollgate::gateway::api
