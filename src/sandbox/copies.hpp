#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>
#include <vector>

namespace butler::sandbox {

/// The files of a running program in a tier where it works on copies: its workspace, and what else
/// Spec::returned names. One thread; what is called while another call is under way waits for it.
class Copies {
 public:
  /// Sentences about what was left out, or why nothing was done.
  using Transfer = std::expected<std::vector<std::string>, std::string>;

  Copies() = default;
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;
  virtual ~Copies() = default;

  /// What has changed outside is inside afterwards.
  virtual boost::asio::awaitable<Transfer> bring_in() = 0;
  /// What the program has changed is outside afterwards. The program goes on meanwhile.
  virtual boost::asio::awaitable<Transfer> bring_out() = 0;
};

}  // namespace butler::sandbox
