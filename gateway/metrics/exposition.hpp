// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format 0.0.4. Free of IO. No label may tell anything of a subscriber.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/metrics/duration_histogram.hpp"

namespace tollgate::gateway::metrics {

/// One metric without labels; its name is `name` behind "tollgate_". `kind`: "counter" or "gauge".
void put_metric(std::string& into, const char* name, const char* kind, const char* help, const std::string& value);
void put_metric(std::string& into, const char* name, const char* kind, const char* help, std::uint64_t value);

/// One metric with a value for each set of labels. `kind` may be "histogram", too.
class family {
 public:
  family(std::string& into, const char* name, const char* kind, const char* help);
  void put(const std::string& labels, const std::string& value);
  /// In seconds. `labels` may be empty.
  void put(const std::string& labels, const duration_histogram& of);

 private:
  std::string& into_;
  std::string full_;
};

/// name="value", escaped as the format asks for it.
std::string label(const char* name, const std::string& value);

/// A number of microseconds, in seconds.
std::string seconds_text(std::uint64_t us);

}  // namespace tollgate::gateway::metrics
