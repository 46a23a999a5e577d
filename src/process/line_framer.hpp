#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace butler::process {

/// Bytes in, lines out. Only LF ends a line (U+2028 and U+0085 stand inside JSON strings as they are); a CR
/// before it is dropped. Pure: no I/O.
class LineFramer {
 public:
  explicit LineFramer(std::size_t limit) : limit_(limit) {}

  /// Adds bytes and returns the lines that are complete now, without their ends. A line over the limit is cut
  /// out of the stream and counted; the lines after it come as usual.
  std::vector<std::string> feed(std::string_view bytes);

  /// What came after the last line end, at the end of the stream; nullopt when nothing did.
  std::optional<std::string> finish();

  std::size_t dropped_lines() const { return dropped_; }

 private:
  void skip();
  std::optional<std::string> take();

  std::size_t limit_;
  std::string pending_;
  bool skipping_ = false;
  std::size_t dropped_ = 0;
};

}  // namespace butler::process
