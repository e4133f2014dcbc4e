// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the handlers of what is looked up, beside those of resources.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

// refunds and adjustments that were made (credit_lists.cpp)
boost::asio::awaitable<reply> list_refunds(services& with, const request& from);
boost::asio::awaitable<reply> get_refund(services& with, const request& from);
boost::asio::awaitable<reply> list_adjustments(services& with, const request& from);
boost::asio::awaitable<reply> get_adjustment(services& with, const request& from);

// orders of numbers (number_orders.cpp)
boost::asio::awaitable<reply> list_number_orders(services& with, const request& from);
boost::asio::awaitable<reply> get_number_order(services& with, const request& from);

// vouchers of a batch (vouchers.cpp)
boost::asio::awaitable<reply> list_vouchers(services& with, const request& from);
boost::asio::awaitable<reply> get_voucher(services& with, const request& from);

// two versions of one deck (rate_imports.cpp)
boost::asio::awaitable<reply> compare_rate_decks(services& with, const request& from);

// records of calls as files (export_orders.cpp)
boost::asio::awaitable<reply> create_cdr_export(services& with, const request& from);
boost::asio::awaitable<reply> list_cdr_exports(services& with, const request& from);
boost::asio::awaitable<reply> get_cdr_export(services& with, const request& from);
boost::asio::awaitable<reply> get_cdr_export_file(services& with, const request& from);
boost::asio::awaitable<reply> remove_cdr_export(services& with, const request& from);

}  // namespace tollgate::gateway::api
