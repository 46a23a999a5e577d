#pragma once

namespace butler::domain {

/// Handlers for std::visit, one per alternative.
template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace butler::domain
