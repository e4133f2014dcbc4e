// SPDX-License-Identifier: Apache-2.0
#include "voicemail/audio_keys.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace tollgate::voicemail {
namespace {

constexpr std::size_t nonce_bytes =
    12;  // SP 800-38D §8.2.2: random, 96 bits: safe for 2^32 recordings by one key
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t name_most = 64;

struct context_deleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, context_deleter>;

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

void insist(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot encrypt a recording");
}

std::string_view word_of(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

int digit_of(char one) {
  if (one >= '0' && one <= '9') return one - '0';
  if (one >= 'a' && one <= 'f') return one - 'a' + 10;
  if (one >= 'A' && one <= 'F') return one - 'A' + 10;
  return -1;
}

}  // namespace

audio_keys audio_keys::parse(std::string_view text) {
  audio_keys read;
  for (int number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const auto name = word_of(line), digits = word_of(line), rest = word_of(line);
    if (name.empty()) continue;
    const auto refuse = [number](const char* why) {
      throw std::invalid_argument("line " + std::to_string(number) + " " + why);
    };
    key value{};
    if (name.size() > name_most) refuse("has too long a name");
    if (digits == "lost" && rest.empty()) {
      if (read.has(name) || !read.lost_.emplace(name).second) refuse("has a name that is there already");
      continue;
    }
    if (digits.size() != 2 * value.size() || !rest.empty()) refuse("is not a name and 64 hexadecimal digits");
    for (std::size_t i = 0; i < value.size(); ++i) {
      const int high = digit_of(digits[2 * i]), low = digit_of(digits[2 * i + 1]);
      if (high < 0 || low < 0) refuse("is not a name and 64 hexadecimal digits");
      value[i] = static_cast<unsigned char>(high * 16 + low);
    }
    if (read.is_lost(name) || !read.keys_.emplace(name, value).second)
      refuse("has a name that is there already");
    if (read.current_.empty()) read.current_ = name;
  }
  if (read.keys_.empty()) throw std::invalid_argument("has no key");
  return read;
}

std::vector<std::byte> sha256_of(std::span<const std::byte> audio) {
  std::vector<std::byte> digest(32);
  insist(EVP_Digest(audio.data(), audio.size(), raw(digest.data()), nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

std::vector<std::string> audio_keys::others() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : keys_)
    if (name != current_) names.push_back(name);
  return names;
}

std::vector<std::string> audio_keys::names() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : keys_)
    all.push_back(name);
  return all;
}

sealed_audio audio_keys::seal(std::span<const std::byte> audio, std::string_view row) const {
  if (current_.empty()) return {{}, {audio.begin(), audio.end()}};
  return {current_, seal_by(current_, audio, row)};
}

std::vector<std::byte> audio_keys::seal_by(std::string_view name, std::span<const std::byte> audio,
                                           std::string_view row) const {
  const auto& by = keys_.find(name)->second;
  std::vector<std::byte> sealed(nonce_bytes + audio.size() + tag_bytes);
  auto* out = raw(sealed.data());
  const cipher_context context(EVP_CIPHER_CTX_new());
  int size = 0;
  insist(context && RAND_bytes(out, nonce_bytes) == 1);
  insist(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, by.data(), out) == 1);
  insist(EVP_EncryptUpdate(context.get(), nullptr, &size, reinterpret_cast<const unsigned char*>(row.data()),
                           static_cast<int>(row.size())) == 1);
  insist(EVP_EncryptUpdate(context.get(), out + nonce_bytes, &size, raw(audio.data()),
                           static_cast<int>(audio.size())) == 1);
  insist(EVP_EncryptFinal_ex(context.get(), out + nonce_bytes + size, &size) == 1);
  insist(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, out + nonce_bytes + audio.size()) == 1);
  return sealed;
}

boost::system::result<std::vector<std::byte>> audio_keys::open(std::string_view key_id,
                                                               std::span<const std::byte> bytes,
                                                               std::string_view row) const {
  if (key_id.empty()) return std::vector<std::byte>(bytes.begin(), bytes.end());
  const auto found = keys_.find(key_id);
  if (found == keys_.end()) return error::audio_key_unknown;
  if (bytes.size() < nonce_bytes + tag_bytes) return error::audio_damaged;
  const auto encrypted = bytes.subspan(nonce_bytes, bytes.size() - nonce_bytes - tag_bytes);
  std::array<unsigned char, tag_bytes> tag{};
  std::transform(bytes.end() - tag_bytes, bytes.end(), tag.begin(),
                 [](std::byte one) { return static_cast<unsigned char>(one); });
  std::vector<std::byte> audio(encrypted.size());
  const cipher_context context(EVP_CIPHER_CTX_new());
  int size = 0;
  insist(context != nullptr);
  insist(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, found->second.data(),
                            raw(bytes.data())) == 1);
  insist(EVP_DecryptUpdate(context.get(), nullptr, &size, reinterpret_cast<const unsigned char*>(row.data()),
                           static_cast<int>(row.size())) == 1);
  insist(EVP_DecryptUpdate(context.get(), raw(audio.data()), &size, raw(encrypted.data()),
                           static_cast<int>(encrypted.size())) == 1);
  insist(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1);
  std::array<unsigned char, 16> nothing{};  // GCM ends without a further block
  if (EVP_DecryptFinal_ex(context.get(), nothing.data(), &size) != 1) return error::audio_damaged;
  return audio;
}

}  // namespace tollgate::voicemail
