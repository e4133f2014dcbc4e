// SPDX-License-Identifier: Apache-2.0
#include "gateway/tariff.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "billing/rate_deck.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway {

tariff::tariff(db::database& database, call::trunk_directory& trunks, call::clocks time)
    : database_(database), trunks_(trunks), time_(std::move(time)) {}

std::shared_ptr<const billing::rate_table> tariff::rates(const std::string& deck) const {
  const auto found = decks_.find(deck);
  return found == decks_.end() ? std::make_shared<const billing::rate_table>() : found->second;
}

boost::asio::awaitable<boost::system::result<void>> tariff::reload_rates() {
  const auto work = [this](pqxx::work& tx) {
    std::map<std::string, table> decks;
    for (const auto& version : billing::list_decks(tx)) {
      if (decks.contains(version.name)) continue;  // several versions of one deck
      auto loaded = billing::load_rate_table(tx, version.name, time_.wall());
      if (!loaded)  // none of its versions is in force yet: look again soon
        loaded = billing::rate_table(version.currency, {}, time_.wall() + std::chrono::minutes(1));
      decks[version.name] = std::make_shared<const billing::rate_table>(std::move(*loaded));
    }
    return decks;
  };
  const auto turn = ++rates_asked_;
  auto loaded = co_await database_.run(work, {.idempotent = true});
  if (!loaded) {
    spdlog::error("event=rates_not_loaded error=\"{}\"", loaded.error().message());
    co_return loaded.error();
  }
  if (turn < rates_read_) co_return boost::system::result<void>();  // overtaken by a later reading
  rates_read_ = turn;
  decks_ = std::move(*loaded);
  if (decks_.empty())
    spdlog::warn("event=no_rates hint=\"import a rate deck: no call can be priced before\"");
  for (const auto& [name, rates] : decks_)
    spdlog::info("event=rates_loaded deck={} prefixes={}", name, rates->size());
  co_return boost::system::result<void>();
}

boost::asio::awaitable<boost::system::result<void>> tariff::reload_trunks() {
  const auto work = [](pqxx::work& tx) { return pstn::trunk::list_usable_trunks(tx); };
  const auto turn = ++trunks_asked_;
  auto loaded = co_await database_.run(work, {.idempotent = true});
  if (!loaded) {
    spdlog::error("event=trunks_not_loaded error=\"{}\"", loaded.error().message());
    co_return loaded.error();
  }
  if (turn < trunks_read_) co_return boost::system::result<void>();
  trunks_read_ = turn;
  spdlog::info("event=trunks_loaded trunks={}", loaded->size());
  trunks_.configure(std::move(*loaded));
  co_return boost::system::result<void>();
}

bool tariff::expired() const {
  const auto now = time_.wall();
  return std::any_of(decks_.begin(), decks_.end(), [now](const auto& deck) {
    return deck.second->valid_until() && *deck.second->valid_until() <= now;
  });
}

}  // namespace tollgate::gateway
