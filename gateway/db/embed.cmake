# SPDX-License-Identifier: Apache-2.0
# cmake -DFILES=a.sql|b.sql -DOUTPUT=x.cpp -P embed.cmake: the migrations as a C++ unit, each with its SHA-256.
string(REPLACE "|" ";" files "${FILES}")
set(rows "")
foreach(file ${files})
  file(READ ${file} text)
  file(SHA256 ${file} checksum)
  get_filename_component(name ${file} NAME)
  string(REGEX MATCH "^0*([0-9]+)" number ${name})
  string(APPEND rows "    {${CMAKE_MATCH_1}, \"${name}\", R\"embedded_sql(${text})embedded_sql\", \"${checksum}\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include <array>

#include \"gateway/db/migrator.hpp\"

namespace tollgate::gateway::db {
namespace {

const migration list[] = {
${rows}};

}  // namespace

std::span<const migration> builtin_migrations() {
  return list;
}

}  // namespace tollgate::gateway::db
")
