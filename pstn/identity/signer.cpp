// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/signer.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <cstdio>
#include <stdexcept>

#include "pstn/identity/es256.hpp"
#include "pstn/identity/openssl_handles.hpp"

namespace tollgate::pstn::identity {

signer::signer(std::string_view key_pem, std::string certificate_url)
    : certificate_url_(std::move(certificate_url)) {
  if (!is_certificate_url(certificate_url_))
    throw std::invalid_argument("the certificate's URL is no https URL of at most 512 bytes");
  const bio_handle input(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  require(input != nullptr, "memory");
  // Without a pass-phrase: never ask the terminal.
  key_.reset(PEM_read_bio_PrivateKey(
                 input.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr),
             EVP_PKEY_free);
  ERR_clear_error();
  if (!is_p256(key_.get())) throw std::invalid_argument("there is no private key on P-256");
}

std::string signer::identity_of(const call& what, wall_time now) const {
  const passport said{.attest = what.attest,
                      .origin = what.origin,
                      .destinations = {what.destination},
                      .issued_at = now,
                      .origin_id = what.origin_id,
                      .certificate_url = certificate_url_};
  return write_identity(sign(said, key_.get()), certificate_url_);
}

std::string date_header(wall_time now) {
  using namespace std::chrono;
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<std::chrono::days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(now - day));
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", days[weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace tollgate::pstn::identity
