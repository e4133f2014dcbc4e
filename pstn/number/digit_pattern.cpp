// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/digit_pattern.hpp"

#include <algorithm>
#include <charconv>
#include <type_traits>

namespace tollgate::pstn::number {
namespace {

enum class goal { whole, start, could_start };

// What is left to do after a part of the pattern has matched: a reference to a callable that outlives the
// call.
class continuation {
 public:
  template <class Function>
  requires(!std::is_same_v<std::remove_cvref_t<Function>, continuation>)
      continuation(const Function& function)  // NOLINT(google-explicit-constructor): made at every call
      : object_(&function), call_([](const void* object, std::size_t position) {
          return (*static_cast<const Function*>(object))(position);
        }) {}
  bool operator()(std::size_t position) const { return call_(object_, position); }

 private:
  const void* object_;
  bool (*call_)(const void*, std::size_t);
};

struct atom {
  std::string_view text;  // "7", "\d", "[2-9]", "(?:...)"
  int least = 1;
  int most = 1;
  std::string_view rest;  // of the sequence, after the quantifier
  std::size_t group = 0;  // 0: none that captures
};

std::size_t group_end(std::string_view pattern) {
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '(') ++depth;
    if (pattern[i] == ')' && --depth == 0) return i + 1;
  }
  return pattern.size();
}

std::size_t atom_size(std::string_view sequence) {
  switch (sequence.front()) {
    case '\\':
      return std::min<std::size_t>(2, sequence.size());
    case '[':
      return std::min(sequence.find(']'), sequence.size() - 1) + 1;
    case '(':
      return group_end(sequence);
    default:
      return 1;
  }
}

int number_in(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

atom first_atom(std::string_view sequence) {
  const std::size_t size = atom_size(sequence);
  atom first{.text = sequence.substr(0, size), .rest = sequence.substr(size)};
  if (first.rest.starts_with('?')) {
    first.least = 0;
    first.rest.remove_prefix(1);
  } else if (first.rest.starts_with('{')) {
    const std::string_view bounds = first.rest.substr(1, first.rest.find('}') - 1);
    first.least = number_in(bounds);
    const std::size_t comma = bounds.find(',');
    first.most = comma == bounds.npos ? first.least : number_in(bounds.substr(comma + 1));
    first.rest.remove_prefix(std::min(bounds.size() + 2, first.rest.size()));
  }
  return first;
}

bool class_has(std::string_view members, char digit) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 2 < members.size() && members[i + 1] == '-') {
      if (members[i] <= digit && digit <= members[i + 2]) return true;
      i += 2;
    } else if (members[i] == digit) {
      return true;
    }
  }
  return false;
}

bool takes(std::string_view atom_text, char digit) {
  if (atom_text == "\\d") return digit >= '0' && digit <= '9';
  if (atom_text.front() == '[') return class_has(atom_text.substr(1, atom_text.size() - 2), digit);
  return atom_text.front() == digit;
}

// Backtracking in the order of ordinary regular expressions (first alternative first, quantifiers greedy).
// The patterns are our own data and have no unbounded repetition, so depth and work are bounded by the
// pattern's size.
class matcher {
 public:
  matcher(std::string_view pattern, std::string_view digits, goal wanted)
      : pattern_(pattern), digits_(digits), wanted_(wanted) {}

  leading_match run() {
    result_.found = alternatives(pattern_, 0, [this](std::size_t position) {
      if (wanted_ == goal::whole && position != digits_.size()) return false;
      if (wanted_ == goal::could_start && position < digits_.size()) return false;
      result_.size = position;
      return true;
    });
    for (std::size_t i = 0; i < pattern_.size(); ++i) {
      if (pattern_[i] == '(' && !pattern_.substr(i).starts_with("(?:")) ++result_.group_count;
    }
    return result_;
  }

 private:
  bool alternatives(std::string_view pattern, std::size_t position, continuation then) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= pattern.size();) {
      if (i == pattern.size() || pattern[i] == '|') {
        if (sequence(pattern.substr(begin, i - begin), position, then)) return true;
        begin = ++i;
      } else {
        i += atom_size(pattern.substr(i));
      }
    }
    return false;
  }

  bool sequence(std::string_view pattern, std::size_t position, continuation then) {
    if (pattern.empty()) return then(position);
    if (pattern.front() == '$')
      return position == digits_.size() && sequence(pattern.substr(1), position, then);
    atom first = first_atom(pattern);
    if (first.text.front() == '(' && !first.text.starts_with("(?:")) first.group = group_number(first.text);
    return repeat(first, first.least, first.most, position, then);
  }

  bool repeat(const atom& one, int least, int most, std::size_t position, continuation then) {
    if (most > 0 && once(one, position, [&](std::size_t next) {
          // A repetition that took nothing adds nothing: go on with the rest only.
          const int more = next == position ? 0 : most - 1;
          return repeat(one, std::max(0, next == position ? 0 : least - 1), more, next, then);
        })) {
      return true;
    }
    return least == 0 && sequence(one.rest, position, then);
  }

  bool once(const atom& one, std::size_t position, continuation then) {
    if (one.text.front() == '(') {
      const std::size_t head = one.group != 0 ? 1 : 3;
      const std::string_view inside = one.text.substr(head, one.text.size() - head - 1);
      return alternatives(inside, position, [&](std::size_t next) {
        if (one.group == 0 || one.group >= result_.groups.size()) return then(next);
        const std::string_view before = result_.groups[one.group];
        result_.groups[one.group] = digits_.substr(position, next - position);
        if (then(next)) return true;
        result_.groups[one.group] = before;
        return false;
      });
    }
    if (position == digits_.size()) return wanted_ == goal::could_start;
    return takes(one.text, digits_[position]) && then(position + 1);
  }

  std::size_t group_number(std::string_view group) const {
    std::size_t number = 1;
    for (const char* at = pattern_.data(); at != group.data(); ++at) {
      if (*at == '(' && *(at + 1) != '?') ++number;
    }
    return number;
  }

  std::string_view pattern_;
  std::string_view digits_;
  goal wanted_;
  leading_match result_;
};

}  // namespace

bool matches(std::string_view pattern, std::string_view digits) {
  return matcher{pattern, digits, goal::whole}.run().found;
}

bool could_start(std::string_view pattern, std::string_view digits) {
  return matcher{pattern, digits, goal::could_start}.run().found;
}

leading_match match_start(std::string_view pattern, std::string_view digits) {
  return matcher{pattern, digits, goal::start}.run();
}

}  // namespace tollgate::pstn::number
