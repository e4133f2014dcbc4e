// SPDX-License-Identifier: Apache-2.0
#include "gateway/identity/certificate_fetcher.hpp"

#include <curl/curl.h>

#include <stdexcept>

#include "gateway/notify/guarded_socket.hpp"
#include "pstn/identity/identity_header.hpp"

namespace tollgate::gateway::identity {
namespace {

struct easy_deleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

struct filling {
  std::string content{};
  std::size_t largest;
};

std::size_t fill(char* data, std::size_t size, std::size_t count, void* self) {
  auto& into = *static_cast<filling*>(self);
  if (size * count > into.largest - into.content.size()) return CURL_WRITEFUNC_ERROR;
  into.content.append(data, size * count);
  return size * count;
}

int is_aborted(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<std::atomic<bool>*>(flag) ? 1 : 0;
}

}  // namespace

certificate_fetcher::certificate_fetcher(fetch_options options) : options_(std::move(options)) {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

std::optional<std::string> certificate_fetcher::fetch(const std::string& url) const {
  if (!pstn::identity::is_certificate_url(url)) return std::nullopt;
  const std::unique_ptr<CURL, easy_deleter> handle(curl_easy_init());
  if (!handle) throw std::bad_alloc();
  auto* curl = handle.get();
  notify::guarded_opening opening{options_.guard};
  filling into{.largest = options_.largest_bytes};
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &notify::open_guarded_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &opening);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, static_cast<long>(options_.largest_bytes));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "Tollgate");
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &is_aborted);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, aborted_.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &fill);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &into);
  if (!options_.authority_file.empty())
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.authority_file.c_str());
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  constexpr long ok = 200;
  if (code != CURLE_OK || status != ok) return std::nullopt;
  return std::move(into.content);
}

}  // namespace tollgate::gateway::identity
