#include "process/line_framer.hpp"

#include <utility>

namespace butler::process {

std::vector<std::string> LineFramer::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (!skipping_) {
      // One byte of grace for the CR that may turn out to belong to the line's end.
      const auto size = pending_.size() + part.size();
      if (size > 0 && size - 1 > limit_) {
        skip();
      } else {
        pending_.append(part);
      }
    }
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (auto line = take()) lines.push_back(std::move(*line));
  }
  return lines;
}

std::optional<std::string> LineFramer::finish() {
  if (pending_.size() > limit_) skip();
  if (std::exchange(skipping_, false) || pending_.empty()) return std::nullopt;
  return std::exchange(pending_, {});
}

void LineFramer::skip() {
  skipping_ = true;
  ++dropped_;
  pending_.clear();
  pending_.shrink_to_fit();
}

std::optional<std::string> LineFramer::take() {
  if (pending_.ends_with('\r')) pending_.pop_back();
  if (pending_.size() > limit_) skip();
  if (std::exchange(skipping_, false)) return std::nullopt;
  return std::exchange(pending_, {});
}

}  // namespace butler::process
