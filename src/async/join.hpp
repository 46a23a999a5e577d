#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "async/task_group.hpp"

namespace butler::async {

/// Joins the group, whatever happens. When the caller is cancelled meanwhile, `on_cancelled` is called, the
/// tasks are cancelled, and they are waited for all the same; the caller goes on afterwards, and is not
/// cancelled any more.
boost::asio::awaitable<void> join_or_cancel(TaskGroup& group, std::function<void()> on_cancelled);

}  // namespace butler::async
