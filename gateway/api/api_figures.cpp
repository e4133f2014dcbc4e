// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/api_figures.hpp"

#include <algorithm>

#include "gateway/api/database_access.hpp"
#include "gateway/metrics/exposition.hpp"

namespace tollgate::gateway::api {
namespace {

std::uint64_t us_of(std::chrono::steady_clock::duration time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
}

}  // namespace

void count_wait(metrics::duration_histogram& waits, std::chrono::steady_clock::duration waited) {
  waits.take(waited);
}

api_figures::api_figures(std::span<const route> routes) : routes_(routes), operations_(routes.size() + 1) {}

void api_figures::count(const route* of, unsigned status, std::optional<clock::duration> took) {
  operation& counted = operations_[of == nullptr ? routes_.size() : static_cast<std::size_t>(of - routes_.data())];
  ++counted.by_class[std::clamp(status / 100, 1U, unsigned{classes}) - 1];
  if (took) counted.durations.take(*took);
}

void api_figures::count_delay(clock::duration late, clock::time_point now) {
  delays_.take(late);
  if (now >= half_ends_) {
    worst_before_ = now < half_ends_ + half ? worst_ : clock::duration{};
    worst_ = {};
    half_ends_ = now + half;
  }
  worst_ = std::max(worst_, late);
}

std::string api_figures::labels_of(std::size_t at) const {
  const bool is_known = at < routes_.size();
  return metrics::label("method", is_known ? std::string(routes_[at].method) : "any") + "," +
         metrics::label("route", is_known ? std::string(routes_[at].pattern) : "none");
}

void api_figures::put(std::string& into, clock::time_point now) const {
  {
    metrics::family requests(into, "api_requests_total", "counter", "Requests that were answered, by operation and class of status.");
    for (std::size_t at = 0; at < operations_.size(); ++at)
      for (std::size_t of_class = 0; of_class < classes; ++of_class)
        if (const auto count = operations_[at].by_class[of_class]; count > 0)
          requests.put(labels_of(at) + "," + metrics::label("code", std::to_string(of_class + 1) + "xx"), std::to_string(count));
  }
  {
    metrics::family durations(into, "api_request_duration_seconds", "histogram", "From a request's header to its answer, streams left out.");
    for (std::size_t at = 0; at < operations_.size(); ++at) {
      const auto& by_class = operations_[at].by_class;
      if (std::any_of(by_class.begin(), by_class.end(), [](auto count) { return count > 0; })) durations.put(labels_of(at), operations_[at].durations);
    }
  }
  metrics::put_metric(into, "api_connections", "gauge", "Open connections to the API.", connections.open);
  metrics::put_metric(into, "api_connections_total", "counter", "Connections that were accepted.", connections.accepted);
  {
    metrics::family closed(into, "api_connections_refused_total", "counter", "Connections that were closed because there were too many.");
    closed.put(metrics::label("reason", "full"), std::to_string(connections.turned_away));
    closed.put(metrics::label("reason", "idle"), std::to_string(connections.given_up));
  }
  metrics::put_metric(into, "api_clients_gone_total", "counter", "Requests whose client went before its answer was there.", connections.clients_gone);
  {
    metrics::family bodies(into, "api_bodies_refused_total", "counter", "Bodies that were not read to their end.");
    constexpr std::array<const char*, 3> names{"too_large", "busy", "cut"};
    for (std::size_t i = 0; i < names.size(); ++i)
      bodies.put(metrics::label("reason", names[i]), std::to_string(bodies_refused_[i]));
  }
  metrics::family(into, "api_database_wait_seconds", "histogram", "How long the API's work has waited for a connection to the database.").put("", database_waits);
  metrics::family(into, "signalling_delay_seconds", "histogram", "How late the thread of calls and API came to what was due.").put("", delays_);
  const bool is_current = now < half_ends_ + half;
  metrics::put_metric(into, "signalling_delay_worst_seconds", "gauge", "The worst of the last minute.",
                      metrics::seconds_text(is_current ? us_of(std::max(worst_, worst_before_)) : 0));
}

}  // namespace tollgate::gateway::api
