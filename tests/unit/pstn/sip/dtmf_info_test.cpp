// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/dtmf_info.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace tollgate::pstn::sip {
namespace {

using namespace std::chrono_literals;

struct row {
  std::string name;
  std::string type;
  std::string body;
  char digit;  // 0: nothing
  std::chrono::milliseconds duration;

  friend void PrintTo(const row& one, std::ostream* out) { *out << one.name; }
};

class DtmfInfo : public testing::TestWithParam<row> {};

TEST_P(DtmfInfo, IsRead) {
  const auto signal = parse_dtmf_info(GetParam().type, GetParam().body);
  ASSERT_EQ(signal.has_value(), GetParam().digit != 0);
  if (!signal) return;
  EXPECT_EQ(signal->digit, GetParam().digit);
  EXPECT_EQ(signal->duration, GetParam().duration);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DtmfInfo,
    testing::Values(
        row{"Relay", "application/dtmf-relay", "Signal=5\r\nDuration=120\r\n", '5', 120ms},
        row{"RelayWithBlanks", "Application/DTMF-Relay ; x=y", " signal = * \n duration= 80", '*', 80ms},
        row{"NoDuration", "application/dtmf-relay", "Signal=#\r\n", '#', 160ms},
        row{"LetterInLowerCase", "application/dtmf-relay", "Signal=d\r\n", 'D', 160ms},
        row{"EventNumber", "application/dtmf-relay", "Signal=11\r\n", '#', 160ms},
        row{"DurationBounded", "application/dtmf-relay", "Signal=1\r\nDuration=999999\r\n", '1', 10'000ms},
        row{"DurationNegative", "application/dtmf-relay", "Signal=1\r\nDuration=-5\r\n", '1', 1ms},
        row{"Plain", "application/dtmf", "7\r\n", '7', 160ms},
        row{"EventTooLarge", "application/dtmf-relay", "Signal=16\r\n", 0, 0ms},
        row{"NoDigit", "application/dtmf-relay", "Duration=100\r\n", 0, 0ms},
        row{"Empty", "application/dtmf-relay", "", 0, 0ms},
        row{"Nonsense", "application/dtmf-relay", std::string("\0=\n=\nSignal", 11), 0, 0ms},
        row{"OtherType", "text/plain", "Signal=5", 0, 0ms}),
    [](const auto& which) { return which.param.name; });

TEST(DtmfInfoText, IsReadBackAsItWasPrinted) {
  const auto back = parse_dtmf_info("application/dtmf-relay", print_dtmf_info({'9', 100ms}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->digit, '9');
  EXPECT_EQ(back->duration, 100ms);
}

}  // namespace
}  // namespace tollgate::pstn::sip
