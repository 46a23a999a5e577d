#include "setup/session.hpp"

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

Stop stop_of(terminal::NoAnswer no_answer) {
  const bool ended = no_answer == terminal::NoAnswer::end_of_input;
  return {.why = Stop::Why::interrupted, .text = ended ? "The input has ended." : ""};
}

Stop stop_of(const Trouble& trouble) {
  if (trouble.kind == Trouble::Kind::interrupted) return {.why = Stop::Why::interrupted};
  return {.why = Stop::Why::failed, .text = trouble.text};
}

}  // namespace butler::setup
