// SPDX-License-Identifier: Apache-2.0
#include "gateway/readiness.hpp"

namespace tollgate::gateway {

std::vector<std::string> readiness::reasons(time_point now) {
  if (!found_ || now - found_->at >= kept) found_ = finding{now, asked_.sip_responds(), asked_.some_trunk_is_up()};
  std::vector<std::string> why;
  if (!asked_.database_reachable()) why.emplace_back("database");
  if (!found_->sip) why.emplace_back("sip");
  if (asked_.draining()) why.emplace_back("draining");
  if (!found_->trunk) why.emplace_back("trunks");
  return why;
}

}  // namespace tollgate::gateway
