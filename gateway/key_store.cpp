// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_store.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace tollgate::gateway {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  throw std::runtime_error(what + " " + path.string());
}

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (fs::exists(path)) fail("cannot read", path);
    return std::nullopt;
  }
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& content, mode_t mode) {
  auto temporary = path;
  temporary += ".part";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) fail("cannot write", temporary);
  const auto written = ::write(file, content.data(), content.size());
  const bool good = written == static_cast<ssize_t>(content.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!good || ::rename(temporary.c_str(), path.c_str()) != 0) fail("cannot write", path);
}

overlay::private_key open_key(const fs::path& path) {
  if (const auto pem = read_file(path)) {
    const auto key = overlay::private_key::from_pem(*pem);
    if (!key) fail("this is no P-256 key in PEM:", path);
    return *key;
  }
  auto key = overlay::private_key::generate();
  write_file(path, key.to_pem(), 0600);
  return key;
}

overlay::pem_pair open_authority(const fs::path& folder, const fs::path& ca_file, const std::string& node,
                                 std::chrono::system_clock::time_point now) {
  const auto certificate = read_file(ca_file);
  const auto key = read_file(folder / "certificates.key");
  if (certificate && key) return {*certificate, *key};
  const auto made = overlay::make_certificate_authority("Tollgate " + node, now);
  if (!made) fail("cannot make a certificate authority in", folder);
  fs::remove(folder / "server.crt");  // it was issued by another
  write_file(folder / "certificates.key", made->key, 0600);
  write_file(ca_file, made->certificate, 0644);
  return *made;
}

overlay::pem_pair own_certificate(const fs::path& folder, const fs::path& ca_file,
                                  const configuration& settings, std::chrono::system_clock::time_point now) {
  const auto authority = open_authority(folder, ca_file, settings.node.name, now);
  const auto certificate = read_file(folder / "server.crt");
  const auto key = read_file(folder / "server.key");
  if (certificate && key) {
    const auto expiry = overlay::certificate_expiry(*certificate);
    if (expiry && *expiry > now + std::chrono::hours(30 * 24)) return {*certificate, *key};
  }
  auto names = settings.overlay.names;
  if (settings.overlay.address != "0.0.0.0" && settings.overlay.address != "::")
    names.push_back(settings.overlay.address);
  const auto made = overlay::issue_server_certificate(authority, names, now);
  if (!made) fail("cannot make a server certificate in", folder);
  write_file(folder / "server.key", made->key, 0600);
  write_file(folder / "server.crt", made->certificate, 0644);
  return *made;
}

std::string make_voucher_key() {
  billing::voucher_key key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    throw std::runtime_error("OpenSSL has no random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : key) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<billing::voucher_key> parse_voucher_key(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  billing::voucher_key key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto [end, failure] = std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, key[i], 16);
    if (failure != std::errc() || end != text.data() + 2 * i + 2) return std::nullopt;
  }
  return key;
}

}  // namespace

key_store open_key_store(const configuration& settings, std::chrono::system_clock::time_point now) {
  const auto folder = settings.state_directory / "keys";
  fs::create_directories(folder);
  key_store keys{open_key(folder / "authority.key"), open_key(folder / "node.key"), {}, {}};
  if (settings.overlay.certificate.empty()) {
    keys.ca_file = settings.state_directory / "authority.pem";
    keys.certificate = own_certificate(folder, keys.ca_file, settings, now);
    return keys;
  }
  const auto certificate = read_file(settings.overlay.certificate);
  const auto key = read_file(settings.overlay.key);
  if (!certificate) fail("overlay.certificate: there is no", settings.overlay.certificate);
  if (!key) fail("overlay.key: there is no", settings.overlay.key);
  keys.certificate = {*certificate, *key};
  return keys;
}

boost::asio::ssl::context tls_context(const key_store& keys) {
  auto context = overlay::make_server_context(keys.certificate.certificate, keys.certificate.key);
  if (!context) throw std::runtime_error("the overlay's certificate and key do not belong together");
  return std::move(*context);
}

billing::voucher_key open_voucher_key(const configuration& settings) {
  const bool own = settings.billing.voucher_key_file.empty();
  const auto path =
      own ? settings.state_directory / "keys" / "voucher.key" : settings.billing.voucher_key_file;
  auto text = read_file(path);
  if (!text && !own) fail("billing.voucher_key_file: there is no", path);
  if (!text) {
    fs::create_directories(path.parent_path());
    text = make_voucher_key();
    write_file(path, *text + "\n", 0600);
  }
  const auto key = parse_voucher_key(*text);
  if (!key) fail("these are not 64 hex digits:", path);
  return *key;
}

}  // namespace tollgate::gateway
