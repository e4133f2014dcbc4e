// SPDX-License-Identifier: Apache-2.0
// fuzz_parsers TARGET [--rounds N] [--seed N]: mutates the target's examples, and what it takes of the
// mutations, again and again. Ends with 1 and the input in hexadecimal when the target contradicts itself or
// throws; a sanitizer ends it by itself, and the same seed comes to the same input.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "mutation.hpp"
#include "target.hpp"

namespace tollgate::fuzz {
namespace {

constexpr std::size_t kept_most = 256;  // of the inputs that were taken

void print(std::string_view input) {
  for (const char c : input)
    std::fprintf(stderr, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  std::fputc('\n', stderr);
}

// False: the target did not stand this input.
bool stands(const target& of, std::string_view input, bool& taken) {
  try {
    taken = of.read(input);
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", of.name, error.what());
  }
  print(input);
  return false;
}

int run(const target& of, std::size_t rounds, std::uint64_t seed) {
  mutator mutate(seed);
  std::vector<std::string> inputs = of.examples;
  std::size_t taken_examples = 0;
  for (const std::string& example : of.examples) {
    bool taken = false;
    if (!stands(of, example, taken)) return 1;
    taken_examples += taken ? 1 : 0;
  }
  if (taken_examples == 0) {  // else the mutations do not get far
    std::fprintf(stderr, "%s takes none of its examples\n", of.name);
    return 1;
  }
  std::size_t taken_mutations = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string input = mutate.next(inputs);
    bool taken = false;
    if (!stands(of, input, taken)) return 1;
    if (!taken) continue;
    ++taken_mutations;
    if (inputs.size() < kept_most)
      inputs.push_back(input);
    else
      inputs[of.examples.size() + mutate.below(kept_most - of.examples.size())] = input;
  }
  std::printf("%s: %zu rounds, %zu taken\n", of.name, rounds, taken_mutations);
  return 0;
}

}  // namespace
}  // namespace tollgate::fuzz

int main(int count, char** words) {
  namespace fuzz = tollgate::fuzz;
  std::size_t rounds = 30'000;
  std::uint64_t seed = 1;
  for (int i = 2; i + 1 < count; i += 2) {
    if (std::strcmp(words[i], "--rounds") == 0) rounds = std::strtoull(words[i + 1], nullptr, 10);
    if (std::strcmp(words[i], "--seed") == 0) seed = std::strtoull(words[i + 1], nullptr, 10);
  }
  for (auto make : {fuzz::money_targets, fuzz::overlay_targets, fuzz::sip_targets, fuzz::telephony_targets,
                    fuzz::trace_targets})
    for (const fuzz::target& each : make()) {
      if (count < 2) std::printf("%s\n", each.name);
      if (count >= 2 && std::strcmp(words[1], each.name) == 0) return fuzz::run(each, rounds, seed);
    }
  return 2;
}
