#include "gateway/patience.hpp"

#include "gateway/wording.hpp"

namespace butler::gateway {

std::string excuse(wording::Language language, const api::CallError& error) {
  if (error.kind == api::CallError::Kind::unreachable) return wording::orchestrator_away(language);
  return wording::not_possible(language, error.message.empty() ? error.code : error.message);
}

}  // namespace butler::gateway
