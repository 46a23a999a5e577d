#include "telegram/parse_deep.hpp"

#include <boost/json/parse.hpp>

namespace butler::telegram {

json::Value parse_deep(const std::string& body) {
  boost::json::parse_options options;
  options.max_depth = 512;
  boost::system::error_code error;
  json::Value value = boost::json::parse(body, error, {}, options);
  if (!error) return value;
  return json::parse_tolerant(body).value_or(nullptr);
}

}  // namespace butler::telegram
