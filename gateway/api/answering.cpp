// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/answering.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/api/compression.hpp"
#include "gateway/db/error.hpp"

namespace tollgate::gateway::api {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// Stands for the gateway where a resource is read on a thread of the pool: what is alive is another thread's, and no part of
// what a change is compared with.
class absent_gateway final : public operations {
 public:
  node_status status() override { return {}; }
  std::vector<live_call> live_calls() override { return {}; }
  std::vector<trunk_status> trunk_statuses() override { return {}; }
  bool hang_up(const uuid&) override { return false; }
  void drain(bool) override {}
  awaitable<boost::system::result<simulated_call>> simulate(call_question) override {
    co_return make_error_code(boost::system::errc::operation_not_supported);
  }
  std::vector<std::string> not_ready() override { return {}; }
  awaitable<void> rates_changed() override { co_return; }
  awaitable<void> trunks_changed() override { co_return; }
  void account_changed(const uuid&) override {}
  void account_revoked(const uuid&) override {}
};

// The answer of a GET inside of a transaction, on this thread.
reply look_within(services& with, const request& question, const route& of, pqxx::work& tx) {
  absent_gateway absent;
  services inside{with.options, with.database.within(tx), with.hasher, absent, with.authority, with.logins};
  asio::io_context own(1);
  reply seen;
  std::exception_ptr failure;
  asio::co_spawn(own, of.handle(inside, question), [&](std::exception_ptr thrown, reply made) {
    failure = thrown;
    seen = std::move(made);
  });
  own.run();
  if (failure) std::rethrow_exception(failure);
  return seen;
}

reply precondition_failed(const char* text) {
  return problem(412, "precondition_failed", text);
}

// What is worked on elsewhere is moved there and back: who waits may be gone before it is done.
awaitable<std::string> gzip_elsewhere(std::string plain) {
  co_return gzip(plain);
}

awaitable<reply> fulfil_elsewhere(list_wish wish, reply made) {
  fulfil(wish, made);
  co_return made;
}

struct tagged_reply {
  reply made;
  std::optional<entity_tag> tag;
};
awaitable<tagged_reply> tag_elsewhere(const route* of, reply made) {
  auto tag = tag_of(*of, made);
  co_return tagged_reply{std::move(made), std::move(tag)};
}

}  // namespace

awaitable<reply> change_if(services& with, const request& from, const route& of, const precondition& given) {
  request question = question_of(from);
  const route* const reader = tagging_route(question);
  if (reader == nullptr || !is_tagged(*reader)) co_return precondition_failed("This resource has no entity tag.");
  bool refused = false;  // of the last attempt
  const auto check = [&](pqxx::work& tx) -> boost::system::error_code {
    tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    const reply seen = look_within(with, question, *reader, tx);
    refused = !may_change(given, seen.status == 200, tag_of(*reader, seen));
    return refused ? db::make_error_code(db::errc::conflict) : boost::system::error_code();
  };
  services guarded{with.options, with.database.behind(check), with.hasher, with.gateway, with.authority, with.logins};
  reply out = co_await of.handle(guarded, from);
  if (refused) out = precondition_failed("The resource is not, or no longer, what the request's conditions name: read it again.");
  co_return out;
}

awaitable<void> fulfil_wish(const list_wish& wish, reply& out, asio::thread_pool& pool) {
  if (wish.is_empty()) co_return;
  if (out.body.size() <= worked_here_bytes) {
    fulfil(wish, out);
    co_return;
  }
  auto elsewhere = fulfil_elsewhere(wish, std::move(out));
  out = co_await asio::co_spawn(pool, std::move(elsewhere), asio::use_awaitable);
}

awaitable<std::optional<entity_tag>> tag_reply(reply& out, const route& of, const std::string& if_none_match, asio::thread_pool& pool) {
  std::optional<entity_tag> tag;
  if (out.body.size() <= worked_here_bytes) {
    tag = tag_of(of, out);
  } else {
    auto elsewhere = tag_elsewhere(&of, std::move(out));
    tagged_reply done = co_await asio::co_spawn(pool, std::move(elsewhere), asio::use_awaitable);
    out = std::move(done.made);
    tag = std::move(done.tag);
  }
  if (!tag) co_return tag;
  out.headers.emplace_back("ETag", to_string(*tag));
  if (!if_none_match.empty() && is_unchanged(if_none_match, *tag)) {
    out.status = 304;
    out.body.clear();
  }
  co_return tag;
}

awaitable<void> compress_reply(reply& out, const std::string& accept_encoding, const std::optional<entity_tag>& tag,
                               asio::thread_pool& pool) {
  if (out.status == 206 || out.status == 304 || !is_compressible(out.content_type)) co_return;
  out.headers.emplace_back("Vary", "Accept-Encoding");
  if (out.body.size() < compressed_least_bytes || !accepts_gzip(accept_encoding)) co_return;
  if (out.body.size() <= worked_here_bytes) {
    out.body = gzip(out.body);
  } else {
    auto elsewhere = gzip_elsewhere(std::move(out.body));
    out.body = co_await asio::co_spawn(pool, std::move(elsewhere), asio::use_awaitable);
  }
  out.headers.emplace_back("Content-Encoding", "gzip");
  if (!tag) co_return;
  for (auto& [name, value] : out.headers)
    if (name == "ETag") value = to_string(*tag, true);
}

}  // namespace tollgate::gateway::api
