# SPDX-License-Identifier: Apache-2.0
# cmake -DFILES=a.js|b.html -DOUTPUT=x.cpp -P embed.cmake: the files as a C++ unit. "/" is index.html.
string(REPLACE "|" ";" files "${FILES}")
set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")
set(rows "")
foreach(file ${files})
  file(READ ${file} text)
  get_filename_component(name ${file} NAME)
  get_filename_component(ending ${file} LAST_EXT)
  string(SUBSTRING ${ending} 1 -1 ending)
  if(NOT DEFINED types_${ending})
    message(FATAL_ERROR "${file}: no media type for .${ending}")
  endif()
  if(name STREQUAL "index.html")
    set(name "")
  endif()
  string(APPEND rows "    {\"/${name}\", \"${types_${ending}}\", R\"embedded_file(${text})embedded_file\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include \"gateway/web/file.hpp\"

namespace tollgate::gateway::web {
namespace {

const file list[] = {
${rows}};

}  // namespace

std::span<const file> files() {
  return list;
}

}  // namespace tollgate::gateway::web
")
