#include "gateway/patience.hpp"

#include "gateway/wording.hpp"

namespace butler::gateway {

std::string excuse(const api::CallError& error) {
  if (error.kind == api::CallError::Kind::unreachable) return wording::orchestrator_away();
  return wording::not_possible(error.message.empty() ? error.code : error.message);
}

}  // namespace butler::gateway
