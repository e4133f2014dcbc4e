// SPDX-License-Identifier: Apache-2.0
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <iostream>

#include "gateway/command_cdr.hpp"
#include "gateway/remote.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

constexpr auto patience = std::chrono::minutes(11);  // the API's own is 10

// The question, as the fields of a body.
json::object fields_of(const cdr_rerate_options& wanted, const std::pair<std::string, std::string>& span,
                       const std::string& account_id) {
  json::object out{{"deck", wanted.deck}, {"from", span.first}, {"until", span.second}};
  const auto put_number = [&out](const char* name, const std::string& text) {
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    // What is none is refused by the gateway, which says why.
    out[name] =
        wrong == std::errc{} && end == text.data() + text.size() ? json::value(number) : json::value(text);
  };
  put_number("version", wanted.version);
  const auto slash = wanted.rated_by.rfind('/');
  if (!wanted.rated_by.empty()) out["rated_by"] = wanted.rated_by.substr(0, slash);
  if (slash != std::string::npos) put_number("rated_by_version", wanted.rated_by.substr(slash + 1));
  if (!account_id.empty()) out["account_id"] = account_id;
  return out;
}

std::string query_of(const json::object& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out +=
        std::string(out.empty() ? "?" : "&") + std::string(name) + "=" + url_encoded(text_of(fields, name));
  return out;
}

void print_report(const json::object& found) {
  std::cout << "calls " << text_of(found, "calls") << "  unpriced " << text_of(found, "unpriced")
            << "  provisional " << text_of(found, "provisional") << "\n"
            << "charged " << text_of(found, "before") << " " << text_of(found, "currency")
            << "  by this version " << text_of(found, "after") << "\n"
            << "cheaper " << text_of(found, "cheaper") << "  to give back " << text_of(found, "to_give_back")
            << "\n"
            << "dearer " << text_of(found, "dearer") << "  to take " << text_of(found, "to_take") << "\n";
  const json::value* const first = found.if_contains("first");
  if (first == nullptr || !first->is_array()) return;
  for (const json::value& each : first->get_array())
    if (const json::object* const call = each.if_object())
      std::cout << "  " << text_of(*call, "call_id") << "  " << text_of(*call, "callee") << "  "
                << text_of(*call, "prefix_before") << " " << text_of(*call, "billed_before_s") << " s "
                << text_of(*call, "before") << " -> " << text_of(*call, "prefix") << " "
                << text_of(*call, "billed_s") << " s " << text_of(*call, "price") << "\n";
}

void print_corrections(const json::object& done) {
  std::cout << "re-rating " << text_of(done, "id") << ": calls " << text_of(done, "calls") << "  given back "
            << text_of(done, "given_back") << " " << text_of(done, "currency") << "  taken "
            << text_of(done, "taken") << "  lacking " << text_of(done, "lacking") << "\n";
}

}  // namespace

int command_cdr_rerate(const configuration& settings, const remote_options& remote,
                       const cdr_rerate_options& wanted) {
  const auto span = cdr_span("rerate", wanted.month, wanted.from, wanted.until);
  if (!span) return exit_usage;
  std::string account_id;
  if (!wanted.account.empty()) {
    int code = exit_done;
    const auto found = find_account_id(settings, remote, wanted.account, code);
    if (!found) return code;
    account_id = *found;
  }
  json::object fields = fields_of(wanted, *span, account_id);
  const bool commits = !wanted.commit.empty();
  api_request request{.method = "GET", .target = "/v1/cdrs/rerating" + query_of(fields), .timeout = patience};
  if (commits) {
    fields["id"] = wanted.commit;
    if (!wanted.note.empty()) fields["note"] = wanted.note;
    request = {
        .method = "POST", .target = "/v1/reratings", .body = json::serialize(fields), .timeout = patience};
  }
  const auto answer = ask_gateway(settings, remote, request);
  if (answer.code != exit_done) return answer.code;
  if (remote.json)
    std::cout << json::serialize(answer.body) << "\n";
  else if (commits)
    print_corrections(answer.body);
  else
    print_report(answer.body);
  return exit_done;
}

}  // namespace tollgate::gateway
