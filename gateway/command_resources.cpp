// SPDX-License-Identifier: Apache-2.0
#include "gateway/command_resources.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "gateway/remote.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

// A request in the making. The first mistake ends it, told on standard error.
class request_maker {
 public:
  request_maker(const configuration& settings, const remote_options& remote, const resource_command& command)
      : settings_(settings), remote_(remote), target_(command.target) {
    request_.method = command.method;
    if (command.always != nullptr) members_ = json::parse(command.always).as_object();
  }

  int add(const resource_field& field, const std::vector<std::string>& given) {
    switch (field.place) {
      case field_place::path: {
        const auto text = one_text(field, given.front());
        if (text) put_into_path(field.name, *text);
        break;
      }
      case field_place::query: {
        const auto text = one_text(field, given.front());
        if (text) put_into_query(field.name, *text);
        break;
      }
      case field_place::member:
        put_member(field, given);
        break;
      case field_place::body:
        put_body(given.front());
        break;
    }
    return code_;
  }

  api_request finished() && {
    if (!members_.empty()) request_.body = json::serialize(members_);
    request_.target = std::move(target_);
    return std::move(request_);
  }

 private:
  void put_into_path(std::string_view name, const std::string& text) {
    const std::string place = "{" + std::string(name) + "}";
    target_.replace(target_.find(place), place.size(), url_encoded(text));
  }

  void put_into_query(std::string_view name, const std::string& text) {
    target_ += target_.find('?') == std::string::npos ? '?' : '&';
    target_ += std::string(name) + "=" + url_encoded(text);
  }

  void put_member(const resource_field& field, const std::vector<std::string>& given) {
    json::object* within = &members_;
    std::string_view name = field.name;
    if (const auto dot = name.find('.'); dot != std::string_view::npos) {
      json::value& inner = members_[name.substr(0, dot)];
      if (!inner.is_object()) inner.emplace_object();
      within = &inner.get_object();
      name.remove_prefix(dot + 1);
    }
    if (field.kind == field_kind::list) {
      (*within)[name] = json::array(given.begin(), given.end());
      return;
    }
    const auto text = one_text(field, given.front());
    if (!text) return;
    if (field.kind == field_kind::whole_number)
      (*within)[name] = json::parse(*text);
    else if (field.kind == field_kind::flag)
      (*within)[name] = true;
    else
      (*within)[name] = *text;
  }

  void put_body(const std::string& file) {
    const auto content = content_of(file);
    if (!content) return;
    request_.body = *content;
    request_.content_type = "text/csv";
    request_.timeout = std::chrono::minutes(10);  // a long list
  }

  // The field's value as it is sent; none: the mistake has been told.
  std::optional<std::string> one_text(const resource_field& field, const std::string& given) {
    switch (field.kind) {
      case field_kind::text:
      case field_kind::list:
      case field_kind::csv:
        return given;
      case field_kind::flag:
        return "true";
      case field_kind::whole_number:
        return whole_number(field, given);
      case field_kind::account:
        return find_account_id(settings_, remote_, given, code_);
      case field_kind::carrier:
        return find_id(settings_, remote_, "/v1/carriers", given, code_);
      case field_kind::trunk:
        return find_id(settings_, remote_, "/v1/trunks", given, code_);
      case field_kind::id:
        return given;
      case field_kind::secret:
        return secret_of(given);
    }
    return std::nullopt;
  }

  std::optional<std::string> whole_number(const resource_field& field, const std::string& given) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error == std::errc{} && end == given.data() + given.size()) return std::to_string(value);
    return wrong_use(std::string(field.word) + ": '" + given + "' is no whole number");
  }

  std::optional<std::string> content_of(const std::string& file) {
    if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream in(file, std::ios::binary);
    if (!in) return wrong_use("'" + file + "' cannot be read");
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  std::optional<std::string> secret_of(const std::string& file) {
    auto content = content_of(file);
    if (!content) return std::nullopt;
    content->resize(std::min(content->size(), content->find_first_of("\r\n")));
    if (content->empty()) return wrong_use("'" + file + "' is empty");
    return content;
  }

  std::nullopt_t wrong_use(const std::string& text) {
    std::cerr << "tollgate: " << text << "\n";
    code_ = exit_usage;
    return std::nullopt;
  }

  const configuration& settings_;
  const remote_options& remote_;
  std::string target_;
  json::object members_;
  api_request request_;
  int code_ = exit_done;
};

void print(const resource_command& command, const json::object& answer) {
  const json::value* const items = answer.if_contains("items");
  if (items != nullptr && items->is_array()) {
    print_table(std::cout, command.columns, items->get_array());
    const json::value* const next = answer.if_contains("next");
    if (next != nullptr && next->is_string())
      std::cerr << "There are more: --cursor " << std::string_view(next->get_string()) << "\n";
  } else if (!command.columns.empty()) {
    print_object(std::cout, command.columns, answer);
  } else {
    std::cout << "done\n";
  }
}

}  // namespace

int command_resource(const configuration& settings, const remote_options& remote,
                     const resource_command& command, const resource_words& words) {
  request_maker making(settings, remote, command);
  std::string made_id;
  for (const resource_field& field : command.fields) {
    const auto given = words.find(field.word);
    std::vector<std::string> values = given == words.end() ? std::vector<std::string>{} : given->second;
    if (values.empty() && field.kind == field_kind::id) {
      made_id = to_string(boost::uuids::random_generator{}());
      values.push_back(made_id);
    }
    if (values.empty()) continue;
    if (const int code = making.add(field, values); code != exit_done) return code;
  }
  api_request request = std::move(making).finished();
  if (command.is_file) request.timeout = std::chrono::minutes(10);
  const remote_answer answer = ask_gateway(settings, remote, request);
  // A server's error may be told after the commit, too: of a database that went away in that moment, or of a proxy.
  const bool in_doubt = answer.code == exit_unreachable || answer.response.status >= 500;
  if (in_doubt && !made_id.empty())
    std::cerr << "Whether it was done is not known: repeat it with --id " << made_id
              << ", which counts once.\n";
  if (answer.code != exit_done) return answer.code;
  if (command.is_file)
    std::cout << answer.response.body << std::flush;
  else if (remote.json)
    std::cout << (answer.response.body.empty() ? "{}" : answer.response.body) << "\n";
  else
    print(command, answer.body);
  return exit_done;
}

}  // namespace tollgate::gateway
