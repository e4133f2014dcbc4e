// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what is done around a resource's handler: conditions before it, tags and compression after it.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "gateway/api/entity_tag.hpp"
#include "gateway/api/http.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/router.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

/// Carries out a change behind its conditions: 412 precondition_failed if they do not hold. The resource is read in the
/// change's own transaction, at REPEATABLE READ: a row that somebody else changes between the comparison and the change
/// fails the change in PostgreSQL (40001), whoever that is; the pool repeats both, and the comparison sees it.
boost::asio::awaitable<reply> change_if(services& with, const request& from, const route& of, const precondition& given);

/// Larger bodies are parsed, hashed and compressed on another thread: the connections' own is that of calls, too.
inline constexpr std::size_t worked_here_bytes = 16 << 10;

/// Makes of a 200 what was wished for (list_manners.hpp); of large ones on the pool. The caller is resumed on its own executor,
/// here and below.
boost::asio::awaitable<void> fulfil_wish(const list_wish& wish, reply& out, boost::asio::thread_pool& pool);

/// Gives the answer of a GET its ETag, or makes it a 304 for a reader who has it already; of large ones on the pool.
boost::asio::awaitable<std::optional<entity_tag>> tag_reply(reply& out, const route& of, const std::string& if_none_match,
                                                            boost::asio::thread_pool& pool);

/// Compresses the body if the client takes it and it is worth while; large ones on the pool.
boost::asio::awaitable<void> compress_reply(reply& out, const std::string& accept_encoding, const std::optional<entity_tag>& tag,
                                            boost::asio::thread_pool& pool);

}  // namespace tollgate::gateway::api
