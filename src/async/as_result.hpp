#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace butler::async {

/// Completion token: an awaited operation answers with a tuple that begins with its error code, and does not
/// throw.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace butler::async
