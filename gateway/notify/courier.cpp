// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/courier.hpp"

#include <curl/curl.h>

#include <cstring>
#include <memory>
#include <stdexcept>

#include "gateway/notify/guarded_socket.hpp"

namespace tollgate::gateway::notify {
namespace {

constexpr long connect_timeout_ms = 10'000;
constexpr long web_timeout_ms = 15'000;
constexpr long whole_timeout_ms = 60'000;  // below the lease of what is being delivered

struct easy_deleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct list_deleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct mime_deleter {
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
using easy_handle = std::unique_ptr<CURL, easy_deleter>;
using string_list = std::unique_ptr<curl_slist, list_deleter>;
using mime_handle = std::unique_ptr<curl_mime, mime_deleter>;

// curl_global_init is not safe to be called by two threads.
void initialise() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

string_list list_of(const std::vector<std::string>& lines) {
  string_list list;
  for (const auto& line : lines) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

int is_aborted(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<std::atomic<bool>*>(flag) ? 1 : 0;
}

easy_handle make_handle(const std::string& url, const char* protocols, std::atomic<bool>& aborted) {
  initialise();
  easy_handle handle(curl_easy_init());
  if (!handle) throw std::bad_alloc();
  auto* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, whole_timeout_ms);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &is_aborted);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &aborted);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &discard);
  return handle;
}

std::string why_of(CURLcode code, long status) {
  if (status >= 300) return "answered with " + std::to_string(status);
  return curl_easy_strerror(code);
}

}  // namespace

courier::courier(mail_server mail, address_guard guard, address_guard subscribers, std::string authority_file)
    : mail_(std::move(mail)),
      guard_(std::move(guard)),
      guard_of_subscribers_(std::move(subscribers)),
      authority_file_(std::move(authority_file)) {
  initialise();
}

delivery courier::send(const letter& what) const {
  const auto handle = make_handle(mail_.url, "smtp,smtps", *aborted_);
  auto* curl = handle.get();
  const auto angled = [](const std::string& address) { return "<" + address + ">"; };
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, angled(mail_.from).c_str());
  const auto recipients = list_of({angled(what.to)});
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  if (!mail_.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, mail_.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, mail_.password.c_str());
  }
  const long ssl = mail_.tls == tls_use::required ? CURLUSESSL_ALL : mail_.tls == tls_use::none ? CURLUSESSL_NONE : CURLUSESSL_TRY;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, ssl);
  // Opportunistic TLS (RFC 7435) shuts out those who only listen; whom it is with it cannot tell.
  const bool checked = mail_.tls == tls_use::required || mail_.url.starts_with("smtps:");
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, checked ? 2L : 0L);
  if (!mail_.authority_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, mail_.authority_file.c_str());

  auto lines = what.headers;
  lines.insert(lines.begin(), {"From: " + angled(mail_.from), "To: " + angled(what.to)});
  const auto headers = list_of(lines);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  const mime_handle mime(curl_mime_init(curl));
  auto* text = curl_mime_addpart(mime.get());
  curl_mime_data(text, what.text.data(), what.text.size());
  curl_mime_type(text, "text/plain; charset=utf-8");
  curl_mime_encoder(text, "quoted-printable");
  if (what.attached) {
    auto* part = curl_mime_addpart(mime.get());
    curl_mime_data(part, reinterpret_cast<const char*>(what.attached->content.data()), what.attached->content.size());
    curl_mime_type(part, what.attached->type.c_str());
    curl_mime_filename(part, what.attached->name.c_str());
    curl_mime_encoder(part, "base64");
  }
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime.get());
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return {.done = true};
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // Of RCPT and of the content alone: a refused log-in or a full disk is the server's trouble, not the letter's.
  const bool refused = status >= 550 && status <= 554 && (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY);
  return {.done = false, .final = refused, .why = why_of(code, status)};
}

delivery courier::post(const web_post& what, sender_kind who) const {
  const auto handle = make_handle(what.url, "http,https", *aborted_);
  auto* curl = handle.get();
  guarded_opening asked{who == sender_kind::subscriber ? guard_of_subscribers_ : guard_};
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, web_timeout_ms);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &open_guarded_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &asked);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, 1L << 20);
  if (!authority_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, authority_file_.c_str());
  auto lines = what.headers;
  lines.insert(lines.begin(), {"Content-Type: application/json", "User-Agent: Tollgate", "Expect:"});
  const auto headers = list_of(lines);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, what.body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return {.done = true};
  if (asked.shut && status == 0) return {.done = false, .final = false, .why = "leads to an address that is not public"};
  constexpr long gone = 410;
  return {.done = false, .final = status == gone, .why = why_of(code, status)};
}

}  // namespace tollgate::gateway::notify
