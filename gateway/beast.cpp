// SPDX-License-Identifier: Apache-2.0
// The one unit that holds Beast's definitions (BOOST_BEAST_SEPARATE_COMPILATION).
#include <utility>

#include <boost/beast/src.hpp>
