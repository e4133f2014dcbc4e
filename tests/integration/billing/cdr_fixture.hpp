// SPDX-License-Identifier: Apache-2.0
// Calls with ids of a time, as the gateway makes them.
#pragma once

#include <boost/uuid/uuid_io.hpp>
#include <set>

#include "billing/cdr_export.hpp"
#include "fixture.hpp"

namespace tollgate::billing {

using std::chrono::system_clock;

inline system_clock::time_point day(int year, unsigned month, unsigned day_of_month) {
  return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                               static_cast<int>(day_of_month)};
}

// A UUIDv7 (RFC 9562 §5.7) of that millisecond.
inline uuid call_at(system_clock::time_point at, std::uint32_t number) {
  auto ms = std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
  uuid id = id_of(0, number);
  for (int i = 5; i >= 0; --i, ms >>= 8)
    id.data[i] = static_cast<std::uint8_t>(ms);
  id.data[6] = 0x70;
  id.data[8] = 0x80;
  return id;
}

class cdr_test : public billing_test {
 protected:
  // A call without a hold.
  record_status record(const uuid& call, std::uint32_t account = 1) {
    return step([&](auto& tx) { return record_call(tx, unpaid(call, account)); }).value();
  }
  static stop_record unpaid(const uuid& call, std::uint32_t account = 1) {
    auto stop = stop_of(1, milliseconds{0});
    stop.account_id = account_id(account);
    stop.call_id = call;
    return stop;
  }
  // A call of a minute at EUR 0.017.
  settlement charge(const uuid& call) {
    auto hold = hold_for(1, {17'000});
    hold.call_id = call;
    EXPECT_EQ(open(hold).status, hold_status::opened);
    auto stop = stop_of(1, seconds{60});
    stop.call_id = call;
    return step([&](auto& tx) { return settle(tx, stop); });
  }
  std::string table_of(const uuid& call) {
    return step([&](auto& tx) {
      const auto rows = tx.exec_params("SELECT tableoid::regclass FROM billing.cdr WHERE call_id = $1",
                                       boost::uuids::to_string(call));
      return rows.empty() ? std::string{} : rows[0][0].template as<std::string>();
    });
  }
  std::vector<std::string> keep(system_clock::time_point now, const retention_policy& policy) {
    std::vector<std::string> steps;
    for (bool more = true; more;) {
      const auto taken = step([&](auto& tx) { return keep_cdr_months(tx, now, policy); });
      for (const auto& each : taken)
        if (each.month.year() >= std::chrono::year{2040})  // not those that the migration made for today
          steps.push_back(std::to_string(static_cast<int>(each.month.year())) + "-" +
                          std::to_string(static_cast<unsigned>(each.month.month())) + " " + each.step);
      more = goes_on(taken);
    }
    return steps;
  }
};

}  // namespace tollgate::billing
