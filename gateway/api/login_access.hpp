// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the log-in desk as the API reaches it: each of its steps in the database has a place of the client's in the API's
// share, as all else that the client asks for, and none while a pass-phrase is hashed.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include "gateway/api/database_access.hpp"
#include "gateway/subscriber/login.hpp"

namespace tollgate::gateway::api {

class login_access {
 public:
  /// The desk must outlive it.
  login_access(subscriber::login_desk& desk, database_access database) : desk_(&desk), database_(std::move(database)) {}

  /// The same, with the places of this one.
  login_access within(database_access database) const { return {*desk_, std::move(database)}; }

  /// As login_desk::check; db::errc::overloaded if no place became free in time.
  boost::asio::awaitable<boost::system::result<subscriber::subscriber_record>> check(std::string name, std::string passphrase,
                                                                                    std::string address) const {
    return desk_->check(std::move(name), std::move(passphrase), std::move(address), [database = database_] { return take_place(database); });
  }

 private:
  static boost::asio::awaitable<std::shared_ptr<void>> take_place(database_access database) {
    std::optional<places::held> place = co_await database.take_place();
    std::shared_ptr<void> kept;
    if (place) kept = std::make_shared<places::held>(std::move(*place));
    co_return kept;
  }

  subscriber::login_desk* desk_;
  database_access database_;
};

}  // namespace tollgate::gateway::api
