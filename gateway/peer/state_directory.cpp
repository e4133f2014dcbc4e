// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/state_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "gateway/peer/error.hpp"
#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

namespace {

constexpr std::string_view account_file = "account.json";
constexpr std::uintmax_t largest_file_bytes = 1u << 20;

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

}  // namespace

boost::system::result<std::string> read_small_file(const std::filesystem::path& path) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) return error::state_unreadable;
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure || size > largest_file_bytes) return error::state_unreadable;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return error::state_unreadable;
  return text;
}

state_directory::state_directory(std::filesystem::path path) : path_(std::move(path)) {}

boost::system::result<account_state> state_directory::load_account() const {
  std::error_code failure;
  if (!std::filesystem::exists(path_ / account_file, failure)) return error::not_logged_in;
  const boost::system::result<std::string> text = read_small_file(path_ / account_file);
  if (!text) return text.error();
  boost::system::error_code parse_failure;
  const boost::json::value parsed = boost::json::parse(*text, parse_failure);
  const boost::json::object* object = parse_failure ? nullptr : parsed.if_object();
  if (object == nullptr) return error::state_unreadable;
  const boost::json::value* identity = object->if_contains("identity");
  if (identity == nullptr || !identity->is_object()) return error::state_unreadable;
  boost::system::result<overlay::device_identity> device =
      overlay::device_identity_from_json(identity->get_object());
  if (!device) return error::state_unreadable;
  account_state account{text_member(*object, "gateway").value_or(""),
                        text_member(*object, "authority").value_or(""), std::move(*device)};
  if (account.gateway.empty()) return error::state_unreadable;
  return account;
}

boost::system::result<void> state_directory::save_account(const account_state& account) const {
  const boost::json::object object{{"gateway", account.gateway},
                                   {"authority", account.authority_pem},
                                   {"identity", overlay::to_json(account.identity)}};
  return write(std::string(account_file), boost::json::serialize(object) + "\n");
}

boost::system::result<void> state_directory::write(const std::string& name, const std::string& text) const {
  std::error_code failure;
  if (std::filesystem::create_directories(path_, failure)) {
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, failure);
  }
  const std::filesystem::path fresh = path_ / (name + ".new");
  std::filesystem::remove(fresh, failure);
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return error::state_unwritable;
  const bool written = write_all(descriptor, text);
  if (::close(descriptor) != 0 || !written) return error::state_unwritable;
  std::filesystem::rename(fresh, path_ / name, failure);
  if (failure) return error::state_unwritable;
  return {};
}

}  // namespace tollgate::gateway::peer
