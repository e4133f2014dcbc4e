// SPDX-License-Identifier: Apache-2.0
// The parser and printer of session descriptions (RFC 8866 §5, §9). Free of IO.
#include "pstn/media/session_description.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "pstn/media/error.hpp"

namespace tollgate::pstn::media {
namespace {

using boost::system::error_code;

constexpr std::string_view dropped_lines = "iueprzk";

// Fields are separated by one space each (§9); an empty field is an error, which the callers see as an empty
// text.
class fields {
 public:
  explicit fields(std::string_view text) : rest_(text) {}

  std::string_view next() {
    const auto end = rest_.find(' ');
    const std::string_view field = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    return field;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

template <typename integer>
std::optional<integer> to_integer(std::string_view text) {
  integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
}

class parser {
 public:
  boost::system::result<session_description> parse(std::string_view text) {
    if (text.size() > sdp_size_max_bytes) return media_error::sdp_too_large;
    while (!text.empty()) {
      const auto end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.empty() && text.empty()) break;
      if (line.size() > sdp_line_max_bytes) return media_error::sdp_too_large;
      if (line.size() < 2 || line[1] != '=' || !is_clean(line)) return media_error::sdp_malformed;
      if (const error_code error = read(line[0], line.substr(2))) return error;
    }
    if (lines_ < head_.size()) return media_error::sdp_malformed;
    return std::move(description_);
  }

 private:
  error_code read(char type, std::string_view value) {
    if (lines_ < head_.size()) {
      if (type != head_[lines_]) return media_error::sdp_malformed;
      ++lines_;
      return head(type, value);
    }
    switch (type) {
      case 'c':
        return connection(value);
      case 'b':
        return bandwidth(value);
      case 'a':
        return attribute(value);
      case 'm':
        return media(value);
      case 't':
        if (!description_.media.empty() || !is_timing(value)) return media_error::sdp_malformed;
        if (!timed_) description_.timing = value;
        timed_ = true;
        return {};
      default:
        return dropped_lines.find(type) == std::string_view::npos ? media_error::sdp_malformed : error_code{};
    }
  }

  error_code head(char type, std::string_view value) {
    if (type == 'v') return value == "0" ? error_code{} : media_error::sdp_malformed;
    if (type == 's') {
      description_.name = value;
      return {};
    }
    fields in(value);
    sdp_origin& origin = description_.origin;
    for (std::string* field : {&origin.username, &origin.session_id, &origin.session_version,
                               &origin.network_type, &origin.address_type, &origin.address}) {
      *field = in.next();
      if (field->empty()) return media_error::sdp_malformed;
    }
    if (!in.done() || !is_digits(origin.session_id) || !is_digits(origin.session_version))
      return media_error::sdp_malformed;
    return {};
  }

  static bool is_timing(std::string_view value) {
    fields in(value);
    return is_digits(in.next()) && is_digits(in.next()) && in.done();
  }

  error_code connection(std::string_view value) {
    fields in(value);
    sdp_connection read{std::string(in.next()), std::string(in.next()), std::string(in.next())};
    if (read.network_type.empty() || read.address_type.empty() || read.address.empty() || !in.done())
      return media_error::sdp_malformed;
    auto& slot = description_.media.empty() ? description_.connection : description_.media.back().connection;
    if (!slot)
      slot = std::move(read);  // a section may have several (hierarchical encoding): the first counts
    return {};
  }

  error_code bandwidth(std::string_view value) {
    const auto colon = value.find(':');
    if (colon == 0 || colon == std::string_view::npos) return media_error::sdp_malformed;
    const auto amount = to_integer<std::uint64_t>(value.substr(colon + 1));
    if (!amount) return media_error::sdp_malformed;
    auto& list = description_.media.empty() ? description_.bandwidths : description_.media.back().bandwidths;
    if (list.size() >= sdp_attributes_max) return media_error::sdp_too_large;
    list.push_back({std::string(value.substr(0, colon)), *amount});
    return {};
  }

  error_code attribute(std::string_view value) {
    auto& list = description_.media.empty() ? description_.attributes : description_.media.back().attributes;
    if (list.size() >= sdp_attributes_max) return media_error::sdp_too_large;
    const auto colon = value.find(':');
    const std::string_view name = value.substr(0, colon);
    if (name.empty() || name.find(' ') != std::string_view::npos) return media_error::sdp_malformed;
    sdp_attribute read{std::string(name)};
    if (colon != std::string_view::npos) read.value = std::string(value.substr(colon + 1));
    list.push_back(std::move(read));
    return {};
  }

  error_code media(std::string_view value) {
    if (description_.media.size() >= sdp_media_max) return media_error::sdp_too_large;
    fields in(value);
    media_description read;
    read.type = in.next();
    std::string_view port = in.next();
    if (const auto slash = port.find('/'); slash != std::string_view::npos) {
      if (!is_digits(port.substr(slash + 1))) return media_error::sdp_malformed;
      port = port.substr(0, slash);
    }
    const auto number = to_integer<std::uint16_t>(port);
    read.protocol = in.next();
    if (read.type.empty() || !number || read.protocol.empty() || in.done()) return media_error::sdp_malformed;
    read.port = *number;
    while (!in.done()) {
      const std::string_view format = in.next();
      if (format.empty()) return media_error::sdp_malformed;
      if (read.formats.size() >= sdp_formats_max) return media_error::sdp_too_large;
      read.formats.emplace_back(format);
    }
    description_.media.push_back(std::move(read));
    return {};
  }

  static constexpr std::string_view head_ = "vos";  // the lines that come first (§5)
  session_description description_;
  std::size_t lines_ = 0;
  bool timed_ = false;
};

void append(std::string& out, std::string_view text) {
  for (const char c : text)
    if (c != '\r' && c != '\n' && c != '\0') out += c;
}

void append_line(std::string& out, char type, std::initializer_list<std::string_view> parts) {
  out += type;
  out += '=';
  for (const std::string_view part : parts)
    append(out, part);
  out += "\r\n";
}

void append_common(std::string& out, const std::optional<sdp_connection>& connection,
                   const std::vector<sdp_bandwidth>& bandwidths) {
  if (connection)
    append_line(out, 'c',
                {connection->network_type, " ", connection->address_type, " ", connection->address});
  for (const sdp_bandwidth& item : bandwidths)
    append_line(out, 'b', {item.type, ":", std::to_string(item.value)});
}

void append_attributes(std::string& out, const sdp_attributes& attributes) {
  for (const sdp_attribute& item : attributes)
    append_line(out, 'a',
                {item.name, item.value ? ":" : "", item.value ? std::string_view(*item.value) : ""});
}

}  // namespace

boost::system::result<session_description> parse_session_description(std::string_view text) {
  return parser().parse(text);
}

std::string to_string(const session_description& description) {
  const sdp_origin& origin = description.origin;
  std::string out = "v=0\r\n";
  append_line(out, 'o',
              {origin.username, " ", origin.session_id, " ", origin.session_version, " ", origin.network_type,
               " ", origin.address_type, " ", origin.address});
  append_line(out, 's', {description.name.empty() ? " " : std::string_view(description.name)});
  append_common(out, description.connection, description.bandwidths);
  append_line(out, 't', {description.timing});
  append_attributes(out, description.attributes);
  for (const media_description& media : description.media) {
    std::string formats;
    for (const std::string& format : media.formats)
      formats += " " + format;
    append_line(out, 'm', {media.type, " ", std::to_string(media.port), " ", media.protocol, formats});
    append_common(out, media.connection, media.bandwidths);
    append_attributes(out, media.attributes);
  }
  return out;
}

const sdp_attribute* find_attribute(const sdp_attributes& attributes, std::string_view name) noexcept {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

std::optional<std::string_view> find_value(const sdp_attributes& attributes, std::string_view name) noexcept {
  const sdp_attribute* found = find_attribute(attributes, name);
  if (found == nullptr || !found->value) return std::nullopt;
  return std::string_view(*found->value);
}

void add_attribute(sdp_attributes& attributes, std::string name) {
  attributes.push_back({std::move(name), {}});
}

void add_attribute(sdp_attributes& attributes, std::string name, std::string value) {
  attributes.push_back({std::move(name), std::move(value)});
}

const sdp_connection* connection_of(const session_description& description,
                                    const media_description& media) noexcept {
  if (media.connection) return &*media.connection;
  return description.connection ? &*description.connection : nullptr;
}

}  // namespace tollgate::pstn::media
