#pragma once

#include <stdexcept>

#include "http/server.hpp"

namespace butler::orchestrator {

/// A request of a test: what comes of it is looked at before it would be sent.
class NoExchange final : public http::Exchange {
 public:
  boost::asio::awaitable<void> send(http::Response /*response*/) override {
    throw std::logic_error("not asked for");
  }
  boost::asio::awaitable<void> begin_stream(http::Response /*head*/) override {
    throw std::logic_error("not asked for");
  }
  boost::asio::awaitable<bool> write(std::string /*bytes*/) override {
    throw std::logic_error("not asked for");
  }
  void watch_close(std::function<void()> /*on_close*/) override {}
  void unwatch() override {}
  boost::asio::awaitable<http::Tunnel> tunnel() override { throw std::logic_error("not asked for"); }
};

}  // namespace butler::orchestrator
