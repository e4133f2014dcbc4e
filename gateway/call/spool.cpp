// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/spool.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>

namespace tollgate::gateway::call {
namespace {

constexpr std::string_view suffix = ".record";
constexpr std::string_view unfinished = ".part";

std::string sha256_hex(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha256(), nullptr);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

// Owns a file descriptor.
class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

spool::spool(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::error_code ignored;
    if (entry.path().extension() == unfinished) std::filesystem::remove(entry.path(), ignored);
    if (entry.path().extension() == suffix) ++count_;
  }
}

boost::system::result<void> spool::probe(std::uint64_t bytes) const {
  struct statvfs disk {};
  if (::statvfs(folder_.c_str(), &disk) != 0) return last_error();
  if (disk.f_bavail * disk.f_frsize < bytes || (disk.f_files > 0 && disk.f_favail == 0))
    return make_error_code(boost::system::errc::no_space_on_device);
  const auto path = folder_ / (std::string("probe") + std::string(unfinished));
  const descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return last_error();
  const bool written = write_all(file.get(), std::string(4096, ' '));
  const auto why = last_error();
  ::unlink(path.c_str());
  if (!written) return why;
  return {};
}

boost::system::result<void> spool::put(std::string_view name, std::string_view content) const {
  const auto final_path = folder_ / (std::string(name) + std::string(suffix));
  const auto temporary = folder_ / (std::string(name) + std::string(unfinished));
  // On a full disk, what has been written of it makes room again.
  const auto give_up = [&temporary] {
    const auto why = last_error();
    ::unlink(temporary.c_str());
    return why;
  };
  {
    const descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) return last_error();
    const auto header = sha256_hex(content) + "\n";
    if (!write_all(file.get(), header) || !write_all(file.get(), content) || ::fsync(file.get()) != 0)
      return give_up();
  }
  const bool is_new = ::access(final_path.c_str(), F_OK) != 0;
  if (::rename(temporary.c_str(), final_path.c_str()) != 0) return give_up();
  if (is_new) ++count_;
  const descriptor directory(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return last_error();
  return {};
}

std::vector<spool::record> spool::list() const {
  std::vector<record> records;
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(folder_, ignored), end; at != end; at.increment(ignored)) {
    const auto& entry = *at;
    if (entry.path().extension() != suffix) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string checksum;
    std::getline(file, checksum);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (checksum == sha256_hex(content)) {
      records.push_back({entry.path().stem().string(), std::move(content)});
    } else {
      set_aside(entry.path().stem().string());
    }
  }
  count_ = records.size();
  std::sort(records.begin(), records.end(), [](const record& a, const record& b) { return a.name < b.name; });
  return records;
}

void spool::remove(std::string_view name) const {
  std::error_code ignored;
  if (std::filesystem::remove(folder_ / (std::string(name) + std::string(suffix)), ignored) && count_ > 0) --count_;
}

void spool::set_aside(std::string_view name) const {
  std::error_code ignored;
  std::filesystem::rename(folder_ / (std::string(name) + std::string(suffix)),
                          folder_ / (std::string(name) + ".damaged"), ignored);
  if (!ignored && count_ > 0) --count_;
}

}  // namespace tollgate::gateway::call
