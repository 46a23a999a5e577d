#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "process/role.hpp"

namespace butler::doctor {

/// What a program came to.
struct ProgramEnd {
  int code = 0;             ///< as a shell has it
  std::string output = {};  ///< of standard output, at most a few MiB
  std::string errors = {};  ///< the end of standard error
  std::string fault = {};   ///< why it could not be started; "" when it was
};

/// Runs a program with our own environment to its end. Cancelling the task kills it.
boost::asio::awaitable<ProgramEnd> run_program(boost::asio::any_io_executor executor,
                                               std::vector<std::string> words);

/// Runs a program to its end as the agent's user (as ourselves when we are not root, and there is none), with
/// an empty environment and no way to new rights: for what root need not trust. Cancelling kills it.
boost::asio::awaitable<ProgramEnd> run_untrusted(boost::asio::any_io_executor executor,
                                                 std::vector<std::string> words,
                                                 std::optional<process::SystemUser> agent);

/// The running program, to be run with other words: also when its file has been replaced meanwhile.
std::string this_program();

/// The last line that says anything.
std::string last_line(const std::string& text);

}  // namespace butler::doctor
