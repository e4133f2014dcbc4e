// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/output.hpp"

#include <boost/json/serialize.hpp>

#include <ostream>

#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {

namespace {

class human_output final : public output {
 public:
  human_output(std::ostream& stream, bool terminal) : stream_(stream), terminal_(terminal) {}
  ~human_output() override { clear(); }

  void report(std::string_view, const boost::json::object&, std::string_view sentence) override {
    if (sentence.empty()) return;
    clear();
    stream_ << printable(sentence) << std::endl;
  }

  void live(std::string_view line) override {
    if (!terminal_) return;
    stream_ << "\r\x1b[K" << printable(line) << std::flush;
    drawn_ = !line.empty();
  }

 private:
  void clear() {
    if (drawn_) stream_ << "\r\x1b[K" << std::flush;
    drawn_ = false;
  }

  std::ostream& stream_;
  bool terminal_;
  bool drawn_ = false;
};

class json_output final : public output {
 public:
  explicit json_output(std::ostream& stream) : stream_(stream) {}

  void report(std::string_view name, const boost::json::object& fields, std::string_view) override {
    boost::json::object line{{"event", name}};
    for (const auto& [key, value] : fields)
      line.emplace(key, value);
    stream_ << boost::json::serialize(line) << std::endl;
  }

  void live(std::string_view) override {}

 private:
  std::ostream& stream_;
};

}  // namespace

std::unique_ptr<output> make_human_output(std::ostream& stream, bool terminal) {
  return std::make_unique<human_output>(stream, terminal);
}

std::unique_ptr<output> make_json_output(std::ostream& stream) {
  return std::make_unique<json_output>(stream);
}

}  // namespace tollgate::gateway::peer
