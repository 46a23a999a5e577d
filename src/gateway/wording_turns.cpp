#include "gateway/wording_turns.hpp"

namespace butler::gateway::wording {

std::string edit_taken(Language language) { return say(language, "edits.taken"); }

std::string edit_too_late(Language language, std::string_view short_id) {
  return say(language, "edits.too_late", {{"job", std::string{short_id}}});
}

std::string edit_over(Language language) { return say(language, "edits.over"); }

std::string edit_refused(Language language, EditRefusal why) {
  switch (why) {
    case EditRefusal::is_command: return say(language, "edits.of_command");
    case EditRefusal::now_command: return say(language, "edits.to_command");
    case EditRefusal::now_empty: break;
  }
  return say(language, "edits.empty");
}

}  // namespace butler::gateway::wording
