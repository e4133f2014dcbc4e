// SPDX-License-Identifier: Apache-2.0
// The one unit that holds Asio's definitions (BOOST_ASIO_SEPARATE_COMPILATION).
#include <utility>

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
