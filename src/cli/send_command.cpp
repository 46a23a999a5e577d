#include "cli/send_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "cli/access.hpp"
#include "cli/exit_code.hpp"
#include "console/chat.hpp"
#include "console/send.hpp"

namespace butler::cli {

namespace {

constexpr std::size_t longest_session_key = 256;

/// What the options write to; lives as long as the commands.
struct SendGiven {
  std::vector<std::string> words;
  console::SessionChoice session;
  bool no_wait = false;
  bool json = false;

  /// The words behind the command; standard input where there are none, or only "-".
  std::string prompt() const {
    if (words.empty() || (words.size() == 1 && words.front() == "-")) {
      return {std::istreambuf_iterator<char>{std::cin}, {}};
    }
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }
};

void add_session_options(CLI::App& command, const std::shared_ptr<SendGiven>& given) {
  auto* const session =
      command
          .add_option("--session", given->session.key,
                      "Go on in this conversation: the session that `butler job show` names.")
          ->check([](const std::string& key) {
            return key.empty() || key.size() > longest_session_key ? "a session's key has 1 to 256 characters"
                                                                   : "";
          });
  command.add_flag("-c,--continue", given->session.continues, "Go on in the terminal's latest conversation.")
      ->excludes(session);
}

int send_words(const SendGiven& given) {
  if (given.words.empty() && ::isatty(STDIN_FILENO) == 1) {
    std::cerr << "butler: what is to be done? butler send \"…\", or - and the text on standard input\n";
    return exit_usage;
  }
  const console::SendOptions options{
      .prompt = given.prompt(), .session = given.session, .waits = !given.no_wait};
  return with_access([&](const console::Access& access) {
    return console::send_task(access, options, console::Streams::standard(given.json));
  });
}

}  // namespace

void add_send_commands(CLI::App& app, Action& chosen) {
  const auto given = std::make_shared<SendGiven>();
  CLI::App* const task = add_command(
      app, "send",
      "Ask for something and wait for the answer. Ctrl-C stops the job. Exit status 1: no success.", chosen,
      [given] { return send_words(*given); });
  task->add_option("text", given->words, "The request; - or nothing: standard input.");
  task->add_flag("--no-wait", given->no_wait, "Only print the job's id.");
  task->add_flag("--json", given->json, "The job with its answer, as JSON.");
  add_session_options(*task, given);
  CLI::App* const chat = add_command(
      app, "chat", "A conversation in the terminal; /help there shows the commands.", chosen, [given] {
        return with_access([&](const console::Access& access) {
          return console::run_chat(access, given->session, console::Streams::standard(given->json));
        });
      });
  chat->add_flag("--json", given->json, "The session, the jobs and their events, as a line of JSON each.");
  add_session_options(*chat, given);
}

}  // namespace butler::cli
