#include "worker/resume_note.hpp"

#include "domain/utf8.hpp"
#include "json/value.hpp"

namespace butler::worker {

namespace {

constexpr std::size_t request_limit = 300;
constexpr std::size_t input_limit = 4'000;

}  // namespace

std::string resume_note(const api::Approval& call, std::string_view request) {
  std::string note =
      "[Note from Butler: your work was interrupted while your call of the tool `" + call.tool_name +
      "` waited to be approved. The call was not carried out. Make the same call again, with exactly the "
      "same arguments, and then go on with your work.]\n\n";
  note += "The arguments were: " + domain::shorten(json::serialize(call.input), input_limit) + "\n";
  note += "The request was: " + domain::shorten(request, request_limit);
  return note;
}

}  // namespace butler::worker
