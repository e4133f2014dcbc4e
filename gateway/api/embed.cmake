# SPDX-License-Identifier: Apache-2.0
# cmake -DFILE=openapi.json -DOUTPUT=x.cpp -P embed.cmake: the API's own document as a C++ unit.
file(READ ${FILE} text)
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include <string_view>

namespace tollgate::gateway::api {

std::string_view openapi_document() {
  return R\"openapi(${text})openapi\";
}

}  // namespace tollgate::gateway::api
")
