// SPDX-License-Identifier: Apache-2.0
// Reading, checking and printing of the configuration, all by way of the one list of keys.
#include "gateway/configuration.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include <toml++/toml.h>

#include "billing/credit_life.hpp"
#include "billing/rating.hpp"
#include "gateway/configuration_keys.hpp"
#include "pstn/number/numbering_plan.hpp"
#include "pstn/trunk/router.hpp"
#include "voicemail/phrasebook.hpp"

namespace tollgate::gateway {
namespace {

using problems = std::vector<configuration_problem>;

std::string between(std::int64_t least, std::int64_t most) {
  return "must lie between " + std::to_string(least) + " and " + std::to_string(most);
}

// Takes the keys' values out of a parsed file, and remembers which keys there are and where each was set.
class file_reader final : public key_visitor {
 public:
  file_reader(const toml::table& root, std::string file, problems& found)
      : root_(root), file_(std::move(file)), problems_(found) {}

  void visit(std::string_view key, std::string& value, std::string_view) override {
    take(key, value, "a string");
  }
  void visit(std::string_view key, std::filesystem::path& value, std::string_view) override {
    std::string text = value.string();
    take(key, text, "a string");
    value = text;
  }
  void visit(std::string_view key, bool& value, std::string_view) override {
    take(key, value, "true or false");
  }
  void visit(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most,
             std::string_view) override {
    std::int64_t wanted = value;
    if (const auto node = take(key, wanted, "a whole number"))
      (wanted >= least && wanted <= most) ? void(value = wanted) : complain(*node, key, between(least, most));
  }
  void visit(std::string_view key, std::vector<std::string>& value, std::string_view) override {
    const auto node = look_up(key);
    if (!node) return;
    const toml::array* list = node->as_array();
    std::vector<std::string> texts;
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
      if (const auto text = list->get(i)->value_exact<std::string>()) texts.push_back(*text);
    if (list == nullptr || texts.size() != list->size())
      return complain(*node, key, "must be a list of strings");
    value = std::move(texts);
  }

  /// Every key of the file that nobody asked for.
  void refuse_unknown() { refuse_unknown(root_, ""); }
  const std::map<std::string, std::string>& places() const { return places_; }

 private:
  std::string place(const toml::node& node) const {
    const toml::source_position at = node.source().begin;
    return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }
  void complain(const toml::node& node, std::string_view key, const std::string& text) {
    problems_.push_back({place(node), std::string(key) + " " + text});
  }
  const toml::node* look_up(std::string_view key) {
    known_.emplace_back(key);
    const toml::node* const node = root_.at_path(key).node();
    if (node != nullptr) places_[std::string(key)] = place(*node);
    return node;
  }
  template <class T>
  const toml::node* take(std::string_view key, T& value, const char* kind) {
    const toml::node* const node = look_up(key);
    if (node == nullptr) return nullptr;
    if (const auto given = node->value_exact<T>()) {
      value = *given;
      return node;
    }
    complain(*node, key, std::string("must be ") + kind);
    return nullptr;
  }

  static std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
      row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t corner = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
        corner = row[j];
        row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
      }
    }
    return row[b.size()];
  }
  void refuse_unknown(const toml::table& table, const std::string& before) {
    for (const auto& [name, node] : table) {
      const std::string key = before + std::string(name.str());
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const bool section = std::any_of(known_.begin(), known_.end(),
                                       [&](const std::string& each) { return each.starts_with(key + "."); });
      if (section && node.is_table())
        refuse_unknown(*node.as_table(), key + ".");
      else
        complain_unknown(node, key.substr(0, 100));
    }
  }
  void complain_unknown(const toml::node& node, const std::string& key) {
    const auto nearest = std::min_element(known_.begin(), known_.end(), [&](const auto& a, const auto& b) {
      return distance(key, a) < distance(key, b);
    });
    std::string text = "is not a known key";
    if (nearest != known_.end() && distance(key, *nearest) <= 2 + key.size() / 3)
      text += "; did you mean " + *nearest + "?";
    complain(node, key, text);
  }

  const toml::table& root_;
  const std::string file_;
  problems& problems_;
  std::vector<std::string> known_;
  std::map<std::string, std::string> places_;
};

class environment_reader final : public key_visitor {
 public:
  environment_reader(const environment& variables, problems& found)
      : variables_(variables), problems_(found) {}

  void visit(std::string_view key, std::string& value, std::string_view) override {
    if (const auto text = look_up(key)) value = *text;
  }
  void visit(std::string_view key, std::filesystem::path& value, std::string_view) override {
    if (const auto text = look_up(key)) value = *text;
  }
  void visit(std::string_view key, std::vector<std::string>& value, std::string_view) override {
    const auto text = look_up(key);
    if (!text) return;
    value.clear();
    std::istringstream in(*text);
    for (std::string part; std::getline(in, part, ',');)
      value.push_back(part);
  }
  void visit(std::string_view key, bool& value, std::string_view) override {
    const auto text = look_up(key);
    if (!text) return;
    if (*text != "true" && *text != "false") return complain(key, "must be true or false");
    value = *text == "true";
  }
  void visit(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most,
             std::string_view) override {
    const auto text = look_up(key);
    if (!text) return;
    std::int64_t wanted = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), wanted);
    if (error != std::errc() || end != text->data() + text->size())
      return complain(key, "must be a whole number");
    if (wanted < least || wanted > most) return complain(key, between(least, most));
    value = wanted;
  }

 private:
  static std::string variable(std::string_view key) {
    std::string name = "TOLLGATE_";
    for (const char c : key)
      name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
  }
  std::optional<std::string> look_up(std::string_view key) { return variables_(variable(key)); }
  void complain(std::string_view key, const std::string& text) {
    problems_.push_back({"environment " + variable(key), std::string(key) + " " + text});
  }

  const environment& variables_;
  problems& problems_;
};

// What no key can tell alone.
void check_together(const configuration& c, const std::string& where, problems& found) {
  const auto require = [&](bool good, const char* text) {
    if (!good) found.push_back({where, text});
  };
  const auto capitals = [](const std::string& text, std::size_t size) {
    return text.size() == size &&
           std::all_of(text.begin(), text.end(), [](char x) { return x >= 'A' && x <= 'Z'; });
  };
  static constexpr std::string_view levels[] = {"trace", "debug", "info", "warning", "error", "critical"};
  require(!c.state_directory.empty(), "state_directory must not be empty");
  require(!c.node.name.empty() && c.node.name.size() <= 64, "node.name must have 1 to 64 characters");
  const auto fits = [](const std::string& four, const std::string& six, const std::string& told) {
    boost::system::error_code no_four, no_six, no_told;
    boost::asio::ip::make_address_v4(four, no_four);
    boost::asio::ip::make_address_v6(six, no_six);
    boost::asio::ip::make_address_v6(told, no_told);
    return six.empty() ? told.empty() : !no_four && !no_six && (told.empty() || !no_told);
  };
  require(fits(c.sip.address, c.sip.address6, c.sip.advertised_address6),
          "sip.address6 must be an IPv6 address beside an IPv4 sip.address, and sip.advertised_address6 one that goes with it");
  require(fits(c.media.address, c.media.address6, c.media.advertised_address6),
          "media.address6 must be an IPv6 address beside an IPv4 media.address, and media.advertised_address6 one that goes "
          "with it");
  require((c.sip.tls_port == 0) == c.sip.certificate_directory.empty(),
          "sip.tls_port and sip.certificate_directory must be given together");
  const std::set<std::string> algorithms(c.sip.digest_algorithms.begin(), c.sip.digest_algorithms.end());
  require(!algorithms.empty() && algorithms.size() == c.sip.digest_algorithms.size() &&
              std::all_of(algorithms.begin(), algorithms.end(),
                          [](const std::string& one) { return one == "SHA-256" || one == "MD5"; }),
          "sip.digest_algorithms must be a list of SHA-256 and MD5, each at most once");
  require(c.api.certificate.empty() == c.api.key.empty(), "api.certificate and api.key must be given together");
  require(c.api.client_authorities.empty() || !c.api.certificate.empty(), "api.client_authorities needs api.certificate");
  const auto is_network = [](const std::string& text) {
    boost::system::error_code no_address, no_four, no_six;
    boost::asio::ip::make_address(text, no_address);
    boost::asio::ip::make_network_v4(text, no_four);
    boost::asio::ip::make_network_v6(text, no_six);
    return !no_address || !no_four || !no_six;
  };
  require(std::all_of(c.api.trusted_proxies.begin(), c.api.trusted_proxies.end(), is_network),
          "api.trusted_proxies must be a list of addresses and networks (10.0.0.0/8, 2001:db8::1)");
  require(c.overlay.certificate.empty() == c.overlay.key.empty(),
          "overlay.certificate and overlay.key must be given together");
  require(c.media.overlay_port == 0 || c.media.overlay_port + std::max(c.media.workers, 1) <= 65'536,
          "media.overlay_port must leave a port above it for each of media.workers");
  require(c.media.trunk_port_low + 1 < c.media.trunk_port_high,
          "media.trunk_port_low must lie below media.trunk_port_high");
  require(capitals(c.billing.currency, 3), "billing.currency must be three capital letters (ISO 4217)");
  require(capitals(c.call.default_region, 2), "call.default_region must be two capital letters (ISO 3166)");
  require(!c.billing.deck.empty(), "billing.deck must not be empty");
  require(c.billing.report_interval_s * 2 <= c.billing.hold_lease_s,
          "billing.hold_lease_s must be at least twice billing.report_interval_s");
  const auto is_relay = [](const std::string& url) {
    return url.starts_with("turn:") || url.starts_with("turns:");
  };
  require(std::all_of(c.turn.urls.begin(), c.turn.urls.end(), is_relay),
          "turn.urls must begin with turn: or turns:");
  require(c.turn.urls.empty() || c.turn.secret.size() >= 16,
          "turn.secret must have 16 characters or more: who guesses it may use the relays");
  require(c.billing.warn_last_s <= c.billing.warn_first_s,
          "billing.warn_last_s must not exceed billing.warn_first_s");
  require(!billing::parse_lapse_countries(c.billing.credit_months_by_country).has_error(),
          "billing.credit_months_by_country must be texts such as DE=0, each country once, 0 to 120 months");
  require(!billing::parse_currency_decks(c.billing.decks_by_currency).has_error(),
          "billing.decks_by_currency must be texts such as USD=default-usd, each currency once");
  const auto digits = [](const std::string& text) {
    return !text.empty() && text.size() <= 15 &&
           std::all_of(text.begin(), text.end(), [](char x) { return x >= '0' && x <= '9'; });
  };
  require(std::all_of(c.dial_policy.open_prefixes.begin(), c.dial_policy.open_prefixes.end(), digits) &&
              std::all_of(c.dial_policy.shut_prefixes.begin(), c.dial_policy.shut_prefixes.end(), digits),
          "dial_policy.open_prefixes and shut_prefixes must be lists of 1 to 15 digits");
  require(std::all_of(c.dial_policy.shut_countries.begin(), c.dial_policy.shut_countries.end(),
                      [](const auto& one) { return pstn::number::country_code_of_region(one).has_value(); }),
          "dial_policy.shut_countries must be ISO 3166 codes");
  const std::set<std::string> criteria(c.routing.order.begin(), c.routing.order.end());
  require(criteria.size() == c.routing.order.size() &&
              std::all_of(criteria.begin(), criteria.end(),
                          [](const auto& one) { return pstn::trunk::criterion_named(one).has_value(); }),
          "routing.order must be a list of priority, cost and quality, each at most once");
  require(c.identity.key_file.empty() == c.identity.certificate_url.empty(),
          "identity.key_file and identity.certificate_url belong together");
  require(c.identity.policy == "tell" || c.identity.policy == "refuse_failed" || c.identity.policy == "require",
          "identity.policy must be tell, refuse_failed or require");
  require((c.identity.policy != "refuse_failed" && c.identity.policy != "require") || !c.identity.authorities.empty(),
          "identity.policy needs identity.authorities");
  require(c.billing.webhook_secret.empty() || c.billing.webhook_secret.size() >= 16,
          "billing.webhook_secret must have at least 16 characters");
  require(voicemail::parse_language(c.voicemail.language).has_value(),
          "voicemail.language must be en, es, fr, it or ru");
  const auto is_language = [](const std::string& text) {
    return text.size() > 3 && text[2] == '=' && voicemail::parse_language(text.substr(0, 2));
  };
  require(std::all_of(c.voicemail.prompts_by_language.begin(), c.voicemail.prompts_by_language.end(),
                      is_language),
          "voicemail.prompts_by_language must be texts such as es=/folder, of en, es, fr, it or ru");
  require(std::find(std::begin(levels), std::end(levels), c.log.level) != std::end(levels),
          "log.level must be trace, debug, info, warning, error or critical");
  require(c.log.format == "logfmt" || c.log.format == "json", "log.format must be logfmt or json");
}

class printer final : public key_visitor {
 public:
  void visit(std::string_view key, std::string& value, std::string_view comment) override {
    const bool secret = (key.ends_with(".secret") || key.ends_with("_secret")) && !value.empty();
    line(key, secret ? quoted("") : quoted(value),
         secret ? std::string(comment) + " (It is set and not shown.)" : std::string(comment));
  }
  void visit(std::string_view key, std::filesystem::path& value, std::string_view comment) override {
    line(key, quoted(value.string()), comment);
  }
  void visit(std::string_view key, bool& value, std::string_view comment) override {
    line(key, value ? "true" : "false", comment);
  }
  void visit(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most,
             std::string_view comment) override {
    line(key, std::to_string(value),
         std::string(comment) + " (" + std::to_string(least) + " to " + std::to_string(most) + ")");
  }
  void visit(std::string_view key, std::vector<std::string>& value, std::string_view comment) override {
    std::string list;
    for (const std::string& each : value)
      list += (list.empty() ? "" : ", ") + quoted(each);
    line(key, "[" + list + "]", comment);
  }
  std::string take() { return std::move(text_); }

 private:
  static std::string quoted(const std::string& value) {
    std::ostringstream out;
    out << toml::value<std::string>(value);
    return out.str();
  }
  void line(std::string_view key, const std::string& value, std::string_view comment) {
    const std::size_t dot = key.find('.');
    const std::string_view section = dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
    if (section != section_) {
      section_ = section;
      text_ += "\n[" + section_ + "]\n";
    }
    text_ += "# " + std::string(comment) + "\n" +
             std::string(dot == std::string_view::npos ? key : key.substr(dot + 1)) + " = " + value + "\n";
  }
  std::string text_ =
      "# Configuration of tollgate. Each key can be overridden by the environment: api.port by "
      "TOLLGATE_API_PORT.\n\n";
  std::string section_;
};

}  // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

configuration_reading parse_configuration(std::string_view toml, const std::string& name,
                                          const environment& variables) {
  configuration_reading reading;
  try {
    const toml::table root = toml::parse(toml, name);
    file_reader reader(root, name, reading.problems);
    visit_keys(reading.value, reader);
    reader.refuse_unknown();
  } catch (const toml::parse_error& failure) {
    const toml::source_position at = failure.source().begin;
    reading.problems.push_back({name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column),
                                std::string(failure.description())});
  }
  environment_reader overlay(variables, reading.problems);
  visit_keys(reading.value, overlay);
  check_together(reading.value, name, reading.problems);
  return reading;
}

configuration_reading read_configuration(const std::optional<std::filesystem::path>& file,
                                         const environment& variables) {
  if (!file) return parse_configuration("", "defaults", variables);
  std::ifstream in(*file, std::ios::binary);
  if (!in || std::filesystem::is_directory(*file)) return {{}, {{file->string(), "cannot be read"}}};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse_configuration(text, file->string(), variables);
}

std::string print_configuration(const configuration& value) {
  printer out;
  configuration copy = value;
  visit_keys(copy, out);
  return out.take();
}

std::filesystem::path admin_token_path(const configuration& value) {
  return value.api.admin_token_file.empty() ? value.state_directory / "admin.token"
                                            : value.api.admin_token_file;
}

}  // namespace tollgate::gateway
