// SPDX-License-Identifier: Apache-2.0
#include "gateway/command_cdr.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "gateway/remote.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr auto patience = std::chrono::minutes(11);  // the API's own is 10
constexpr const char* page = "1000";

// ---- export

// A file that is written at its end and synced.
class descriptor {
 public:
  descriptor(const fs::path& file, int flags) : number_(::open(file.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  bool open() const { return number_ >= 0; }
  bool write(std::string_view text) const {
    while (!text.empty()) {
      const auto written = ::write(number_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  bool sync() const { return ::fsync(number_) == 0; }
  bool cut(std::uint64_t length) const {
    return ::ftruncate(number_, static_cast<off_t>(length)) == 0 && ::lseek(number_, 0, SEEK_END) >= 0;
  }

 private:
  int number_;
};

struct export_state {
  std::string cursor;
  std::uint64_t bytes = 0;  // of the output that belong to it
};

std::optional<export_state> read_state(const fs::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::value* const cursor = value.get_object().if_contains("cursor");
  const json::value* const bytes = value.get_object().if_contains("bytes");
  if (cursor == nullptr || !cursor->is_string() || bytes == nullptr || !bytes->is_int64())
    return std::nullopt;
  return export_state{std::string(cursor->get_string()), static_cast<std::uint64_t>(bytes->get_int64())};
}

// In place of the old one at once: whoever is killed leaves the one or the other.
bool write_state(const fs::path& file, const export_state& state) {
  fs::path fresh = file;
  fresh += ".new";
  {
    const descriptor out(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    const json::object text{{"cursor", state.cursor}, {"bytes", state.bytes}};
    if (!out.open() || !out.write(json::serialize(text) + "\n") || !out.sync()) return false;
  }
  std::error_code error;
  fs::rename(fresh, file, error);
  if (error) return false;
  const descriptor folder(file.has_parent_path() ? file.parent_path() : fs::path("."),
                          O_RDONLY | O_DIRECTORY);
  return folder.open() && folder.sync();
}

class exporter {
 public:
  exporter(const configuration& settings, const remote_options& remote, const cdr_export_options& wanted)
      : settings_(settings), remote_(remote), wanted_(wanted) {}

  int run() {
    if (const int code = begin(); code != exit_done) return code;
    for (bool more = true; more;) {
      const auto found =
          ask_gateway(settings_, remote_, {.method = "GET", .target = target(), .timeout = patience});
      if (found.code != exit_done) return found.code;
      more = found.response.header("Tollgate-More") == "true";
      if (const int code = keep(found.response); code != exit_done) return code;
    }
    std::cerr << "tollgate cdr export: up to cursor " << state_.cursor << "\n";
    return exit_done;
  }

 private:
  static int failed(const std::string& what) {
    std::cerr << "tollgate cdr export: " << what << "\n";
    return exit_failed;
  }

  int begin() {
    state_.cursor = wanted_.after;
    if (wanted_.output.empty()) return exit_done;
    std::error_code missing;
    const auto known = wanted_.state.empty() || !fs::exists(wanted_.state, missing)
                           ? std::nullopt
                           : read_state(wanted_.state);
    if (!known && !wanted_.state.empty() && fs::exists(wanted_.state, missing))
      return failed(wanted_.state.string() + " is no state of an export");
    std::error_code none;
    const auto size = fs::file_size(wanted_.output, none);
    if (!known && !none && size > 0)
      return failed(wanted_.output.string() + " has content that no state tells of: name another file");
    if (known && (none || size < known->bytes))
      return failed(wanted_.output.string() + " is shorter than its state says");
    if (known) state_ = *known;
    output_.emplace(wanted_.output, O_WRONLY | O_CREAT);
    if (!output_->open() || !output_->cut(state_.bytes))
      return failed("cannot write " + wanted_.output.string());
    // Before the first content: whoever is killed behind that leaves a state that tells of it.
    if (!known && !wanted_.state.empty() && !write_state(wanted_.state, state_))
      return failed("cannot write " + wanted_.state.string());
    return exit_done;
  }

  std::string target() const {
    std::string out = "/v1/cdrs/export?format=" + url_encoded(wanted_.format) + "&limit=" + page;
    if (!state_.cursor.empty()) out += "&after=" + url_encoded(state_.cursor);
    if (!wanted_.consumer.empty()) out += "&consumer=" + url_encoded(wanted_.consumer);
    // One header line in a file, whatever it was continued from.
    if (wanted_.format == "csv")
      out += std::string("&header=") + (state_.bytes == 0 && !written_ ? "true" : "false");
    return out;
  }

  int keep(const api_response& response) {
    state_.cursor = response.header("Tollgate-Next");
    if (state_.cursor.empty()) return failed("the gateway's answer has no cursor");
    state_.bytes += response.body.size();
    written_ = written_ || !response.body.empty();
    if (output_) {
      if (!output_->write(response.body) || !output_->sync())
        return failed("cannot write " + wanted_.output.string());
    } else if (!(std::cout << response.body << std::flush)) {
      return failed("cannot write to standard output");
    }
    if (!wanted_.state.empty() && !write_state(wanted_.state, state_))
      return failed("cannot write " + wanted_.state.string());
    if (wanted_.consumer.empty()) return exit_done;
    const json::object told{{"cursor", state_.cursor}};
    return ask_gateway(settings_, remote_,
                       {.method = "PUT",
                        .target = "/v1/cdr_consumers/" + url_encoded(wanted_.consumer),
                        .body = json::serialize(told)})
        .code;
  }

  const configuration& settings_;
  const remote_options& remote_;
  const cdr_export_options& wanted_;
  export_state state_;
  bool written_ = false;
  std::optional<descriptor> output_;
};

// ---- reconciliation

// A day as its first moment.
std::string moment(const std::string& text) {
  constexpr std::size_t length_of_day = 10;
  return text.size() == length_of_day ? text + "T00:00:00Z" : text;
}

// "2026-11" as its first moment and that of the next month.
std::optional<std::pair<std::string, std::string>> month_span(const std::string& month) {
  int year = 0, number = 0;
  char dash = 0, rest = 0;
  std::istringstream in(month);
  if (!(in >> year >> dash >> number) || dash != '-' || in >> rest || year < 1970 || year > 9998 ||
      number < 1 || number > 12)
    return std::nullopt;
  const auto first = [](int y, int m) {
    return std::to_string(y) + (m < 10 ? "-0" : "-") + std::to_string(m) + "-01T00:00:00Z";
  };
  return std::pair{first(year, number), number == 12 ? first(year + 1, 1) : first(year, number + 1)};
}

std::string spelled(const json::object& one, std::initializer_list<const char*> names) {
  std::string out;
  for (const char* name : names)
    if (one.contains(name)) out += std::string("  ") + name + " " + text_of(one, name);
  return out;
}

void print_first(const json::object& from, const char* kind) {
  const json::value* const first = from.if_contains("first");
  if (first == nullptr || !first->is_array()) return;
  for (const json::value& each : first->get_array()) {
    if (!each.is_object()) continue;
    const json::object& one = each.get_object();
    const json::object& ours = one.contains("ours") ? object_of(one, "ours") : one;
    std::cout << "  " << kind
              << spelled(ours, {"what", "call_id", "line", "called", "started_at", "at", "talk_ms", "seconds",
                                "ledger", "record", "cost", "amount"});
    if (one.contains("theirs"))
      std::cout << "  | carrier" << spelled(object_of(one, "theirs"), {"line", "at", "seconds", "amount"});
    std::cout << "\n";
  }
}

std::int64_t number(const json::object& from, const char* name) {
  const json::value* const value = from.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool print_ledger(const json::object& found) {
  std::cout << "ledger against CDRs: calls " << number(found, "calls") << "  differences "
            << number(found, "differences") << "\n";
  print_first(found, "ledger");
  return number(found, "differences") == 0;
}

bool print_carrier(const json::object& found) {
  std::cout << "CDRs against the carrier: ours " << number(found, "ours") << "  theirs "
            << number(found, "theirs") << "  matched " << number(found, "matched") << "\n";
  bool same = true;
  for (const char* kind : {"missing", "extra", "seconds_differ", "amount_differs"}) {
    const json::object& differences = object_of(found, kind);
    std::cout << kind << " " << number(differences, "count") << "\n";
    print_first(differences, kind);
    same = same && number(differences, "count") == 0;
  }
  return same;
}

}  // namespace

std::optional<std::pair<std::string, std::string>> cdr_span(const std::string& command,
                                                            const std::string& month, const std::string& from,
                                                            const std::string& until) {
  const auto refuse = [&](const char* why) {
    std::cerr << "tollgate cdr " << command << ": " << why << "\n";
    return std::optional<std::pair<std::string, std::string>>{};
  };
  if (!month.empty()) {
    const auto span = month_span(month);
    if (!span || !from.empty() || !until.empty())
      return refuse("--month is a month such as 2026-11, in place of --from and --until");
    return span;
  }
  if (from.empty() || until.empty()) return refuse("needs --month, or --from and --until");
  return std::pair{moment(from), moment(until)};
}

int command_cdr_export(const configuration& settings, const remote_options& remote,
                       const cdr_export_options& wanted) {
  if (!wanted.state.empty() && wanted.output.empty()) {
    std::cerr << "tollgate cdr export: --state tells how far a file is: it needs --output\n";
    return exit_usage;
  }
  return exporter(settings, remote, wanted).run();
}

int command_cdr_reconcile(const configuration& settings, const remote_options& remote,
                          const cdr_reconcile_options& wanted) {
  const auto moments = cdr_span("reconcile", wanted.month, wanted.from, wanted.until);
  if (!moments) return exit_usage;
  const std::string span = "from=" + url_encoded(moments->first) + "&until=" + url_encoded(moments->second);
  const auto ledger =
      ask_gateway(settings, remote,
                  {.method = "GET", .target = "/v1/ledger/reconciliation?" + span, .timeout = patience});
  if (ledger.code != exit_done) return ledger.code;
  json::object both{{"ledger", ledger.body}};
  bool same = remote.json ? number(ledger.body, "differences") == 0 : print_ledger(ledger.body);
  if (!wanted.carrier_csv.empty()) {
    std::ifstream in(wanted.carrier_csv, std::ios::binary);
    if (!in) {
      std::cerr << "tollgate cdr reconcile: cannot read " << wanted.carrier_csv.string() << "\n";
      return exit_failed;
    }
    std::string trunks;
    for (const auto& each : wanted.trunks)
      trunks += (trunks.empty() ? "" : ",") + each;
    const std::string whose = wanted.carrier_id.empty() ? "&trunks=" + url_encoded(trunks)
                                                        : "&carrier_id=" + url_encoded(wanted.carrier_id);
    const auto carrier =
        ask_gateway(settings, remote,
                    {.method = "POST",
                     .target = "/v1/cdrs/reconciliation?" + span + whose +
                               "&time_tolerance_s=" + std::to_string(wanted.time_tolerance_s) +
                               "&duration_tolerance_s=" + std::to_string(wanted.duration_tolerance_s) +
                               "&utc_offset_min=" + std::to_string(wanted.utc_offset_min),
                     .body = std::string{std::istreambuf_iterator<char>(in), {}},
                     .content_type = "text/csv",
                     .timeout = patience});
    if (carrier.code != exit_done) return carrier.code;
    both["carrier"] = carrier.body;
    if (!remote.json) same = print_carrier(carrier.body) && same;
    for (const char* kind : {"missing", "extra", "seconds_differ", "amount_differs"})
      same = same && number(object_of(carrier.body, kind), "count") == 0;
  }
  if (remote.json) std::cout << json::serialize(both) << "\n";
  return same ? exit_done : exit_failed;
}

}  // namespace tollgate::gateway
