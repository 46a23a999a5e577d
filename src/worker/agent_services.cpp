#include "worker/agent_services.hpp"

#include <stdexcept>
#include <utility>

#include "http/server.hpp"
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

/// One agent has few connections open at once; more than that are a fault, or meant to do harm.
constexpr std::size_t connections_of_one_agent = 256;

}  // namespace

/// The server of one agent process. Its coroutines may outlive the AgentAccess for a moment.
class AgentAccess::Site final : public http::Application {
 public:
  Site(const asio::any_io_executor& executor, model_proxy::ModelProxy& proxy, const ProviderSetup& setup,
       const std::string& provider, AgentIdentity identity)
      : proxy_(proxy),
        setup_(setup),
        provider_(provider),
        identity_(std::move(identity)),
        grant_(proxy.grant()),
        server_(executor, {.connections = connections_of_one_agent}, *this) {}

  http::Server& server() { return server_; }
  model_proxy::Grant& grant() { return *grant_; }

  std::string models_json() const {
    const std::string url = "http://127.0.0.1:" + std::to_string(server_.port()) + proxy_.path();
    return agent_models_json(setup_, provider_, url, grant_->token());
  }

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    // A token that works elsewhere is another agent's.
    if (!grant_->is_presented_by(head)) return model_proxy::wrong_token();
    return proxy_.admit(head);
  }

  asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    return proxy_.serve(std::move(request), exchange);
  }

  static asio::awaitable<void> run(std::shared_ptr<Site> self) { co_await self->server_.run(); }
  static asio::awaitable<void> close(std::shared_ptr<Site> self) {
    co_await self->server_.shut_down(std::chrono::milliseconds{0});
  }

 private:
  model_proxy::ModelProxy& proxy_;
  const ProviderSetup& setup_;
  const std::string& provider_;
  AgentIdentity identity_;
  std::unique_ptr<model_proxy::Grant> grant_;
  http::Server server_;
};

AgentAccess::AgentAccess(std::shared_ptr<Site> site, async::TaskGroup& tasks)
    : site_(std::move(site)), tasks_(tasks) {
  tasks_.spawn("agent services", Site::run(site_));
}

AgentAccess::~AgentAccess() {
  end();
  tasks_.spawn("end of agent services", Site::close(site_));
}

std::uint16_t AgentAccess::port() const { return site_->server().port(); }

void AgentAccess::configure(const std::filesystem::path& agent_folder) const {
  write_private_file(agent_folder / "models.json", site_->models_json());
}

void AgentAccess::begin(std::string job) { site_->grant().begin(std::move(job)); }
void AgentAccess::hold() { site_->grant().hold(); }
void AgentAccess::end() { site_->grant().end(); }
const std::optional<std::string>& AgentAccess::refusal() const { return site_->grant().refusal(); }

AgentServices::AgentServices(const asio::any_io_executor& executor, const config::WorkerSettings& settings)
    : executor_(executor),
      provider_(settings.provider),
      setup_(required_setup(settings)),
      spending_(settings.home / "worker" / "spending"),
      proxy_(executor, setup_.upstream, spending_, proxy_options(settings)),
      tasks_(executor) {}

std::unique_ptr<AgentAccess> AgentServices::open(http::ListeningSocket listener, AgentIdentity identity) {
  auto site = std::make_shared<AgentAccess::Site>(executor_, proxy_, setup_, provider_, std::move(identity));
  site->server().listen(std::move(listener));
  return std::unique_ptr<AgentAccess>(new AgentAccess(std::move(site), tasks_));
}

asio::awaitable<void> AgentServices::shut_down() { return tasks_.join(); }

}  // namespace butler::worker
