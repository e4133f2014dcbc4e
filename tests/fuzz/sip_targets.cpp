// SPDX-License-Identifier: Apache-2.0
// What of SIP and its certificates we read ourselves beside descriptions and URIs.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/identity/certificate.hpp"
#include "pstn/media/session_description.hpp"
#include "pstn/sip/digest.hpp"
#include "pstn/sip/digest_server.hpp"
#include "pstn/sip/diversion.hpp"
#include "pstn/sip/sdes.hpp"
#include "pstn/trunk/inbound.hpp"
#include "target.hpp"

namespace tollgate::fuzz {
namespace {

namespace sip = pstn::sip;

// Self-signed, on P-256, with the TNAuthorizationList of service provider 709J (RFC 8226 §9); its key is
// gone.
const std::string certificate_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmzCCAUGgAwIBAgIUU6dndRQ7yAdfWgte8F0NVqLsGQkwCgYIKoZIzj0EAwIw\n"
    "FjEUMBIGA1UEAwwLU0hBS0VOIDcwOUowIBcNMjYxMTI3MDMxNDEyWhgPMjEyNjEx\n"
    "MDMwMzE0MTJaMBYxFDASBgNVBAMMC1NIQUtFTiA3MDlKMFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEFyLBf3liOIziOcGDjzoTsowl38TOc5EE9kTqbLKFxQxtH3Bd\n"
    "3P0YEFKua1ACAhjanKiX+/JFsn2URX3xdPrR8qNrMGkwHQYDVR0OBBYEFIiIXuOw\n"
    "PvqzKmMlpWNbJyMmHOSZMB8GA1UdIwQYMBaAFIiIXuOwPvqzKmMlpWNbJyMmHOSZ\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wFgYIKwYBBQUHARoECjAIoAYWBDcwOUowCgYIKoZI\n"
    "zj0EAwIDSAAwRQIhANYyNMeLE6LzRvA88CE4LCnGY/2uBmHZ8XaRBYqAn3xWAiA8\n"
    "uZw0QiaKniK9yUib2yJmYXHn50HryaupR6jnKeqVVg==\n"
    "-----END CERTIFICATE-----\n";

std::string der_of(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  const std::unique_ptr<X509, decltype(&X509_free)> read(
      PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free);
  insist(read != nullptr, "the example is a certificate");
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(read.get(), &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(bytes);
  return der;
}

bool read_certificate(std::string_view text) {
  const auto many = pstn::identity::read_certificates(text);
  const auto chain = pstn::identity::certificate_chain::read(text);
  if (!chain) return !many.empty();
  insist(chain->leaf() && chain->key(), "a chain has a leaf, and that a key");
  insist(chain->certificates().size() <= pstn::identity::chain_most_certificates, "a chain has an end");
  if (chain->authority()) chain->authority()->covers("12155551212");
  return true;
}

// What comes of what was read can be told to others, on one line each.
void insist_tellable(const sip::diversion_reader& reader) {
  for (const auto& one : reader.diversions()) {
    insist(one.counter >= 1 && one.counter <= 99, "a counter of 1 to 99");
    const std::string header = sip::diversion_header(one);
    insist(header.find_first_of("\r\n") == header.npos, "a header is one line");
  }
  insist(reader.count() >= reader.diversions().size(), "each that is told is counted");
  const auto history = reader.history();
  for (const auto& one : history) {
    const std::string header = sip::history_header(one);
    insist(header.find_first_of("\r\n") == header.npos, "a header is one line");
  }
  if (!history.empty())
    sip::history_beyond(history, false, {"sip:+16505550100@gateway.example"}, "sip:next@host.example");
}

bool read_diversion(std::string_view text) {
  sip::diversion_reader reader;
  reader.take_diversion(text);
  insist_tellable(reader);
  return !reader.diversions().empty();
}

bool read_history(std::string_view text) {
  sip::diversion_reader reader;
  reader.take_history(text);
  insist_tellable(reader);
  return reader.count() > 0;
}

// The fields of a claim, one a line.
bool judge_claim(std::string_view text) {
  static sip::digest_server server("gateway.example",
                                   {sip::digest_algorithm::sha_256, sip::digest_algorithm::md5});
  std::array<std::string, 9> fields;
  for (std::string& field : fields) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto& [username, realm, nonce, uri, response, algorithm, qop, cnonce, nonce_count] = fields;
  const std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  const sip::digest_claim claim{username, realm, nonce, uri, response, algorithm, qop, cnonce, nonce_count};
  const auto verdict = server.judge(claim, "INVITE", "secret", now);
  insist(verdict != sip::digest_verdict::good, "nobody guesses a nonce");
  return sip::find_digest_algorithm(algorithm).has_value();
}

bool read_crypto(std::string_view text) {
  const auto read = sip::parse_crypto(text);
  if (!read) return false;
  insist(sip::parse_crypto(sip::to_string(*read)) == read, "a key that was printed can be read");
  return true;
}

bool read_address_list(std::string_view text) {
  pstn::trunk::trunk one;
  one.host = "192.0.2.1";
  bool all = true;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    one.inbound_sources.emplace_back(text.substr(begin, end - begin));
    all = all && pstn::trunk::is_address_or_block(one.inbound_sources.back());
    begin = end + 1;
  }
  for (const char* source : {"192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"})
    pstn::trunk::match_inbound({&one, 1}, source);
  pstn::trunk::match_inbound({&one, 1}, text);
  return all;
}

}  // namespace

std::vector<target> sip_targets() {
  return {
      {"diversion",
       {"\"Bob\" "
        "<sip:+16505550100@gateway.example;user=phone>;reason=user-busy;counter=3;privacy=full;limit=5",
        "<tel:+442079460958>;reason=\"no-answer\", sip:x@host.example;counter=99"},
       read_diversion},
      {"history_info",
       {"<sip:+16505550100@gateway.example?Reason=SIP%3Bcause%3D486&Privacy=history>;index=1, "
        "<sip:+442079460958@host.example;cause=486>;index=1.1;rc=1",
        "<sip:a@host.example>;index=1;np=1"},
       read_history},
      {"digest_claim",
       {"carrier7\ngateway.example\n00000e10abcdef\nsip:+16505550100@gateway."
        "example\n6629fae49393a05397450978507c4ef1"
        "\nMD5\nauth\n0a4f113b\n00000001",
        "carrier7\ngateway.example\nx\nsip:x@y\n00\nSHA-256\nauth\nc\nffffffff"},
       judge_claim},
      {"sdes",
       {"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "2 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20 UNENCRYPTED_SRTCP",
        "7 AEAD_AES_256_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="},
       read_crypto},
      {"address_list",
       {"192.0.2.1,192.0.2.0/24,2001:db8::/32,::1", "0.0.0.0/0", "::ffff:192.0.2.1/120"},
       read_address_list},
      {"certificate",
       {certificate_pem, der_of(certificate_pem), certificate_pem + certificate_pem},
       read_certificate},
  };
}

}  // namespace tollgate::fuzz
