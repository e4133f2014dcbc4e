// SPDX-License-Identifier: Apache-2.0
// The BIO's methods.
#include "gateway/overlay/datagram_bio.hpp"

#include <algorithm>
#include <new>

namespace tollgate::gateway::overlay {
namespace {

constexpr long mtu_bytes = 1200;          // below every path that WebRTC meets
constexpr long mtu_overhead_bytes = 48;   // IPv6 and UDP headers
constexpr std::size_t outgoing_max = 64;  // a flight is a few datagrams

datagram_port& port_of(BIO* bio) {
  return *static_cast<datagram_port*>(BIO_get_data(bio));
}

int write_datagram(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  auto& port = port_of(bio);
  if (size <= 0) return 0;
  if (port.outgoing.size() < outgoing_max) {  // past that it is lost, as on any network
    const auto* first = reinterpret_cast<const std::byte*>(data);
    try {
      port.outgoing.emplace_back(first, first + size);
    } catch (const std::bad_alloc&) {
      return size;
    }
  }
  return size;
}

int read_datagram(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  auto& port = port_of(bio);
  if (port.incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const auto count = std::min(static_cast<std::size_t>(std::max(size, 0)), port.incoming.size());
  std::copy_n(port.incoming.begin(), count, reinterpret_cast<std::byte*>(data));
  port.incoming = {};
  return static_cast<int>(count);
}

long control(BIO*, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return mtu_bytes;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
      return mtu_overhead_bytes;
    default:
      return 0;
  }
}

using method_handle = std::unique_ptr<BIO_METHOD, openssl_release<BIO_meth_free>>;

method_handle make_method() {
  method_handle method(BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "datagrams"));
  require(method && BIO_meth_set_write(method.get(), write_datagram) == 1 &&
              BIO_meth_set_read(method.get(), read_datagram) == 1 &&
              BIO_meth_set_ctrl(method.get(), control) == 1,
          "BIO method");
  return method;
}

}  // namespace

bio_handle make_datagram_bio(datagram_port& port) {
  static const method_handle method = make_method();  // immutable after this
  bio_handle bio(BIO_new(method.get()));
  require(bio != nullptr, "memory");
  BIO_set_data(bio.get(), &port);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace tollgate::gateway::overlay
