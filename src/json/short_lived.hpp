#pragma once

#include <boost/json/monotonic_resource.hpp>
#include <expected>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace butler::json {

/// The memory of a tree that is read once and dropped, as a request's body is: it grows in large pieces, and
/// goes as a whole. A value that is assigned to one outside of the tree has memory of its own; one that is
/// made as a copy has not (Boost.JSON 1.81, value.hpp: the copy takes over its original's storage).
class ShortLived {
 public:
  /// `text_size`: of what will be parsed.
  explicit ShortLived(std::size_t text_size) : memory_(text_size + least) {}

  /// As json::parse(). The value must not outlive this.
  std::expected<Value, std::string> parse(std::string_view text);

 private:
  static constexpr std::size_t least = 512;

  boost::json::monotonic_resource memory_;
};

}  // namespace butler::json
