#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/artifact.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "http/types.hpp"
#include "orchestrator/artifact_service.hpp"

namespace {

namespace http = butler::http;

/// The lines of the input are a name and fields of a head.
http::RequestHead head_of(std::string_view lines, std::string& name) {
  http::RequestHead head;
  const auto next = [&lines] {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    return line;
  };
  name = next();
  while (!lines.empty()) {
    const auto line = next();
    const auto colon = std::min(line.find(':'), line.size());
    head.headers.add(std::string{line.substr(0, colon)},
                     std::string{line.substr(std::min(colon + 1, line.size()))});
  }
  return head;
}

}  // namespace

/// What the head of an upload says: what is taken is fit for a file's name, for a field of an answer and for
/// the store.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string name;
  const auto head = head_of({reinterpret_cast<const char*>(data), size}, name);
  const auto artifact = butler::orchestrator::new_artifact(name, head);
  if (!artifact) {
    if (artifact.error().status != 400) std::abort();
    return 0;
  }
  if (!butler::api::is_artifact_name(artifact->name) || artifact->name.find('/') != std::string::npos)
    std::abort();
  if (artifact->content_type.find_first_of("\r\n") != std::string::npos) std::abort();
  if (artifact->sha256 && artifact->sha256->size() != 64) std::abort();
  if (!artifact->caption) return 0;
  if (butler::domain::to_valid_utf8(*artifact->caption) != *artifact->caption) std::abort();
  if (butler::domain::count_code_points(*artifact->caption) > butler::domain::limits::artifact_caption)
    std::abort();
  if (http::percent_decode(http::percent_encode(*artifact->caption), false) != artifact->caption)
    std::abort();
  return 0;
}
