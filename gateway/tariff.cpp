// SPDX-License-Identifier: Apache-2.0
#include "gateway/tariff.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "billing/rate_deck.hpp"
#include "gateway/logging/line.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway {

tariff::tariff(db::database& database, call::trunk_directory& trunks, call::clocks time,
               billing::standard_decks standard)
    : database_(database), trunks_(trunks), time_(std::move(time)), standard_(std::move(standard)) {}

std::shared_ptr<const billing::rate_table> tariff::table_of(const std::string& deck) const {
  const auto found = decks_.find(deck);
  return found == decks_.end() ? nullptr : found->second.table;
}

std::shared_ptr<const billing::rate_chain> tariff::rates(const billing::deck_choice& of) const {
  std::vector<std::shared_ptr<const billing::rate_table>> tables;
  if (of.own) tables.push_back(table_of(*of.own));
  tables.push_back(table_of(of.plan));
  // The plan tells the currency; a deck of another one would be left out of the chain.
  const auto& plan = tables.back();
  const auto behind = standard_.by_currency.find(plan ? plan->currency() : "");
  const auto& standard = behind == standard_.by_currency.end() ? standard_.deck : behind->second;
  if (of.plan != standard) tables.push_back(table_of(standard));
  return std::make_shared<const billing::rate_chain>(std::move(tables));
}

std::optional<billing::cost_rate> tariff::cost(const boost::uuids::uuid& carrier_id,
                                               std::string_view digits) const {
  const auto link = cost_decks_.find(carrier_id);
  const auto table = link == cost_decks_.end() ? nullptr : table_of(link->second);
  const auto* found = table ? table->find(digits) : nullptr;
  if (found == nullptr) return std::nullopt;
  return billing::cost_rate{.deck = link->second, .currency = table->currency(), .terms = *found};
}

// Reads only what another version or time has replaced.
tariff::price_book tariff::read_prices(pqxx::work& tx, const std::map<std::string, loaded_deck>& known,
                                       std::chrono::system_clock::time_point now) {
  price_book book;
  for (const auto& link : billing::list_carrier_decks(tx))
    book.cost_decks[link.carrier_id] = link.deck;
  for (const auto& deck : billing::decks_in_force(tx, now)) {
    loaded_deck entry;
    const auto before = known.find(deck.name);
    const bool same = before != known.end() && before->second.deck_version_id == deck.deck_version_id &&
                      (!before->second.table->valid_until() || *before->second.table->valid_until() > now);
    if (same) {
      entry = before->second;
    } else {
      auto table = billing::load_rate_table(tx, deck.name, now);
      if (!table) table = billing::rate_table(deck.currency, {});  // none of its versions is in force yet
      entry.table = std::make_shared<const billing::rate_table>(std::move(*table));
      entry.kind = deck.kind;
      entry.deck_version_id = deck.deck_version_id;
      book.read_anew.insert(deck.name);
    }
    entry.valid_until = entry.table->valid_until();
    if (deck.next_version && (!entry.valid_until || *deck.next_version < *entry.valid_until))
      entry.valid_until = deck.next_version;
    book.decks[deck.name] = std::move(entry);
  }
  return book;
}

billing::loss_list tariff::losses_of(const price_book& book) {
  billing::loss_list losses;
  for (const auto& [sell_name, sell] : book.decks)
    for (const auto& [cost_name, cost] : book.decks)
      if (sell.kind == billing::deck_kind::sell && cost.kind == billing::deck_kind::cost &&
          (book.read_anew.contains(sell_name) || book.read_anew.contains(cost_name)))
        billing::find_losses(sell_name, *sell.table, cost_name, *cost.table, losses);
  return losses;
}

void tariff::tell(const price_book& book) {
  if (book.decks.empty())
    spdlog::warn("event=no_rates hint=\"import a rate deck: no call can be priced before\"");
  if (book.read_anew.empty()) return;
  for (const auto& name : book.read_anew)
    spdlog::info("event=rates_loaded deck={} prefixes={}", logging::text(name), book.decks.at(name).table->size());
  const auto losses = losses_of(book);
  if (losses.count == 0) return;
  const auto& first = losses.first.front();
  spdlog::warn("event=sold_below_cost prefixes={} first={} sell_deck={} cost_deck={}", losses.count,
               logging::text(first.prefix), logging::text(first.sell_deck), logging::text(first.cost_deck));
}

boost::asio::awaitable<boost::system::result<void>> tariff::reload_rates() {
  auto known = decks_;
  const auto work = [&known, now = time_.wall()](pqxx::work& tx) { return read_prices(tx, known, now); };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(2)};
  const auto turn = ++rates_asked_;
  auto loaded = co_await database_.run(work, patient);
  if (!loaded) {
    spdlog::error("event=rates_not_loaded error={}", logging::text(loaded.error().message()));
    co_return loaded.error();
  }
  if (turn < rates_read_) co_return boost::system::result<void>();  // overtaken by a later reading
  rates_read_ = turn;
  auto replaced = std::exchange(decks_, loaded->decks);
  cost_decks_ = loaded->cost_decks;
  // In force by now. What may take long follows on a thread of the pool, not on this one, which all calls
  // share: comparing every prefix with every cost deck, and freeing tables of 300,000 rates.
  std::optional<price_book> book(std::move(*loaded));
  const auto finish = [&](pqxx::work&) {
    if (book) tell(*book);  // once, however often this is tried
    book.reset();
    known.clear();
    replaced.clear();
  };
  co_await database_.run(finish, patient);
  co_return boost::system::result<void>();
}

boost::asio::awaitable<void> tariff::refresh_rates() {
  refresh_again_ = true;
  if (refreshing_) co_return;
  refreshing_ = true;
  while (refresh_again_) {
    refresh_again_ = false;
    co_await reload_rates();
  }
  refreshing_ = false;
}

boost::asio::awaitable<boost::system::result<void>> tariff::reload_trunks() {
  const auto work = [](pqxx::work& tx) { return pstn::trunk::list_usable_trunks(tx); };
  const auto turn = ++trunks_asked_;
  auto loaded = co_await database_.run(work, {.idempotent = true});
  if (!loaded) {
    spdlog::error("event=trunks_not_loaded error={}", logging::text(loaded.error().message()));
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
    return deck.second.valid_until && *deck.second.valid_until <= now;
  });
}

}  // namespace tollgate::gateway
