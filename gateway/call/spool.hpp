// SPDX-License-Identifier: Apache-2.0
// A folder of small records that must outlive the process: what could not be written to the database yet.
// Blocking file IO.
#pragma once

#include <atomic>
#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::call {

// One file a record, named by its caller (a call id): written whole, fsynced and renamed into place, with a
// SHA-256 of its content in the first line. A record that fails its checksum is set aside as NAME.damaged,
// never deleted.
class spool {
 public:
  // Makes the folder (mode 0700) and removes what a process that was killed had only begun to write: nobody was
  // told that it was kept. Throws std::filesystem::filesystem_error when it cannot.
  explicit spool(std::filesystem::path folder);

  // Durable when it returns success. The same name again replaces the record.
  boost::system::result<void> put(std::string_view name, std::string_view content) const;

  // Whether a record of so many bytes would have room: the disk says so, and takes a small file.
  boost::system::result<void> probe(std::uint64_t bytes) const;

  struct record {
    std::string name;
    std::string content;
  };
  // All records, oldest name first (call ids are UUIDv7, so by time).
  std::vector<record> list() const;
  // How many there are, without a look at the disk: as list() found them, and what has been put and removed since.
  std::size_t count() const { return count_; }
  void remove(std::string_view name) const;
  // Keeps the record as NAME.damaged for a person to look at; it is not listed any more.
  void set_aside(std::string_view name) const;

 private:
  std::filesystem::path folder_;
  mutable std::atomic<std::size_t> count_{0};
};

}  // namespace tollgate::gateway::call
