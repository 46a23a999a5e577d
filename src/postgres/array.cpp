#include "postgres/array.hpp"

namespace butler::postgres {

void Array::add(std::string_view element) {
  std::string quoted = "\"";
  for (const char c : element) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  add_raw(quoted + '"');
}

void Array::add_raw(std::string_view element) {
  if (!text_.empty()) text_ += ',';
  text_ += element;
}

}  // namespace butler::postgres
