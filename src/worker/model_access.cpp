#include "worker/model_access.hpp"

#include <stdexcept>
#include <utility>

#include "log/log.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

ProviderSetup required_setup(const config::WorkerSettings& settings) {
  const auto files = read_provider_files(settings);
  auto setup = set_up_provider(settings, files);
  if (!setup) {
    throw std::runtime_error("PI_PROVIDER=" + settings.provider + " cannot be used: " + setup.error());
  }
  log::redact(setup->upstream.key);
  for (const auto& [name, value] : setup->upstream.headers) log::redact(value);
  return std::move(*setup);
}

model_proxy::ProxyOptions proxy_options(const config::WorkerSettings& settings) {
  return {.budgets = {.per_day = settings.budget_per_day, .per_job = settings.budget_per_job},
          .answer_timeout = settings.silence_timeout,
          .silence_timeout = settings.silence_timeout};
}

}  // namespace

ModelAccess::ModelAccess(const asio::any_io_executor& executor, const config::WorkerSettings& settings)
    : provider_(settings.provider),
      setup_(required_setup(settings)),
      spending_(settings.home / "worker" / "spending"),
      proxy_(executor, setup_.upstream, spending_, proxy_options(settings)),
      server_(executor, {}, proxy_) {}

void ModelAccess::listen(http::ListeningSocket socket) { server_.listen(std::move(socket)); }
asio::awaitable<void> ModelAccess::run() { return server_.run(); }
asio::awaitable<void> ModelAccess::shut_down() { return server_.shut_down(std::chrono::milliseconds{0}); }

void ModelAccess::configure(const std::filesystem::path& agent_folder,
                            const model_proxy::Grant& grant) const {
  const std::string url = "http://127.0.0.1:" + std::to_string(server_.port()) + proxy_.path();
  write_private_file(agent_folder / "models.json", agent_models_json(setup_, provider_, url, grant.token()));
}

}  // namespace butler::worker
