#include "http/event_stream.hpp"

#include <utility>

namespace butler::http {

std::vector<std::string> EventStream::feed(std::string_view bytes) {
  std::vector<std::string> events;
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') bytes.remove_prefix(1);
    const auto end = bytes.find_first_of("\r\n");
    append(line_, bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    take_line(line, events);
  }
  return events;
}

std::string EventStream::finish() {
  std::vector<std::string> events;
  const std::string line = std::exchange(line_, {});
  if (!line.empty()) take_line(line, events);
  take_line("", events);
  return events.empty() ? std::string{} : std::move(events.back());
}

void EventStream::take_line(std::string_view line, std::vector<std::string>& events) {
  if (line.empty()) {
    const bool dropped = std::exchange(dropped_, false);
    std::string data = std::exchange(data_, {});
    if (!dropped && !data.empty()) events.push_back(std::move(data));
    return;
  }
  constexpr std::string_view field = "data:";
  if (!line.starts_with(field)) return;
  line.remove_prefix(field.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  if (!data_.empty()) append(data_, "\n");
  append(data_, line);
}

void EventStream::append(std::string& text, std::string_view more) {
  if (text.size() + more.size() > longest_event) dropped_ = true;
  if (!dropped_) text.append(more);
}

}  // namespace butler::http
