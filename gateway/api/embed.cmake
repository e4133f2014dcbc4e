# SPDX-License-Identifier: Apache-2.0
# cmake -DFILE=openapi.json -DNAME=openapi_document -DOUTPUT=x.cpp -P embed.cmake: a file as a function of a C++ unit.
file(READ ${FILE} text)
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include <string_view>

namespace tollgate::gateway::api {

std::string_view ${NAME}() {
  return R\"embedded(${text})embedded\";
}

}  // namespace tollgate::gateway::api
")
