#include "setup/session.hpp"

#include "terminal/display_width.hpp"

namespace butler::setup {

void Session::save(const std::vector<config::EnvChange>& changes) {
  outside.save(changes);
  for (const auto& [name, value] : changes) {
    if (value) {
      environment.insert_or_assign(name, config::Entry{.value = *value, .source = "setup"});
    } else {
      environment.erase(name);
    }
  }
}

void say_marked(const Session& session, std::string_view mark, terminal::Style style, std::string_view text) {
  session.say(session.palette.paint(mark, style) + terminal::printable_line(text));
}

Stop stop_of(terminal::NoAnswer no_answer) {
  const bool ended = no_answer == terminal::NoAnswer::end_of_input;
  return {.why = Stop::Why::interrupted, .text = ended ? "The input has ended." : ""};
}

Stop stop_of(const Trouble& trouble) {
  if (trouble.kind == Trouble::Kind::interrupted) return {.why = Stop::Why::interrupted};
  return {.why = Stop::Why::failed, .text = trouble.text};
}

}  // namespace butler::setup
