#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace butler::http {

/// The `data` of server-sent events (HTML standard, § 9.2.6) out of bytes as they come. Pure. An event whose
/// data is longer than `longest_event` is dropped.
class EventStream {
 public:
  static constexpr std::size_t longest_event = std::size_t{4} * 1024 * 1024;

  /// The data of the events that these bytes complete.
  std::vector<std::string> feed(std::string_view bytes);

  /// The data of an event that the stream's end leaves without its empty line; "" when there is none. Some
  /// providers end so.
  std::string finish();

 private:
  void take_line(std::string_view line, std::vector<std::string>& events);
  void append(std::string& text, std::string_view more);

  std::string line_;
  std::string data_;
  bool dropped_ = false;   ///< the event that is being read is too long
  bool after_cr_ = false;  ///< a line feed that comes next belongs to the line before
};

}  // namespace butler::http
