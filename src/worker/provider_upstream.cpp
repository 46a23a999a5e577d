#include "worker/main.hpp"
#include "worker/provider_setup.hpp"

namespace butler::worker {

std::expected<model_proxy::Upstream, std::string> provider_upstream(const config::WorkerSettings& settings) {
  auto setup = set_up_provider(settings, read_provider_files(settings));
  if (!setup) return std::unexpected(settings.provider + ": " + setup.error());
  return std::move(setup->upstream);
}

}  // namespace butler::worker
