#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "async/task_group.hpp"
#include "mcp_host/upstream.hpp"

namespace butler::mcp_host {

/// A server that is a child of ours, asked on its standard input, a line a message. It is trusted: it runs as
/// the worker's user and in no sandbox, in a folder of its own, with the configured variables and PATH, HOME
/// and LANG, and nothing else of ours.
///
/// It is started by the first request, and again by the next one after it has ended. We are its one client:
/// what it says of itself at its begin is what every `initialize` is answered with. What it asks of us is
/// refused, and what it tells unasked is let go.
class LocalUpstream final : public Upstream {
 public:
  /// `server` is a LocalServer; `folder` is made when the server is started.
  LocalUpstream(boost::asio::any_io_executor executor, std::shared_ptr<const Server> server,
                std::filesystem::path folder, std::string search_path);
  ~LocalUpstream() override;

  boost::asio::awaitable<Reply> ask(Call call, SessionFields session, Deadline deadline) override;
  /// It has none.
  boost::asio::awaitable<bool> end_session(SessionFields session, Deadline deadline) override;
  void stop() override;
  boost::asio::awaitable<void> close() override;

 private:
  class Life;

  std::string start();

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const Server> server_;
  std::filesystem::path folder_;
  std::string search_path_;
  std::shared_ptr<Life> life_;  ///< of the process that was started last; shared with its tasks
  bool stopped_ = false;
  async::TaskGroup tasks_;
};

}  // namespace butler::mcp_host
