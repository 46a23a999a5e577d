#include "worker/agent_services.hpp"

#include <utility>

#include "files/whole_file.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "vm_sandbox/vm_sandbox.hpp"
#include "worker/outgoing_files.hpp"
#include "worker/spool.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

ProviderSetup required_setup(const config::WorkerSettings& settings) {
  const auto files = read_provider_files(settings);
  auto setup = set_up_provider(settings, files);
  if (!setup) {
    throw WrongProvider("PI_PROVIDER=" + settings.provider + " cannot be used: " + setup.error());
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

std::shared_ptr<const mcp_host::Server> no_servers(std::string_view) { return nullptr; }

http::Response no_proxy_token() {
  return {.status = 407,
          .headers = {{"content-type", "text/plain; charset=utf-8"},
                      {"proxy-authenticate", "Basic realm=\"butler\""}},
          .body = "This proxy serves one agent only, which has the password in its HTTPS_PROXY.\n"};
}

http::Response no_mcp_token() {
  return {
      .status = 401,
      .headers = {{"content-type", "text/plain; charset=utf-8"}},
      .body = "These MCP servers are for one agent only, which has their address in its BUTLER_MCP_URL.\n"};
}

http::Response no_files_token() {
  return {.status = 401,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = "Files are taken of one agent only, which has the address in its BUTLER_FILES_URL.\n"};
}

/// One agent has few connections open at once; more than that are a fault, or meant to do harm.
constexpr std::size_t connections_of_one_agent = 256;

}  // namespace

/// The server of one agent process. Its coroutines may outlive the AgentAccess for a moment.
class AgentAccess::Site final : public http::Application {
 public:
  Site(const asio::any_io_executor& executor, model_proxy::ModelProxy& proxy, const ProviderSetup& setup,
       const std::string& provider, std::unique_ptr<egress::ConnectHandler> hosts,
       std::unique_ptr<mcp_host::AgentServers> servers, const std::filesystem::path& spool,
       ServiceToken token)
      : proxy_(proxy),
        setup_(setup),
        provider_(provider),
        grant_(proxy.grant()),
        token_(std::move(token)),
        hosts_(std::move(hosts)),
        servers_(std::move(servers)),
        files_(executor, spool),
        server_(executor, {.connections = connections_of_one_agent}, *this) {}

  http::Server& server() { return server_; }
  model_proxy::Grant& grant() { return *grant_; }
  egress::ConnectHandler& hosts() { return *hosts_; }
  mcp_host::AgentServers& servers() { return *servers_; }
  OutgoingFiles& files() { return files_; }

  std::string models_json() const {
    // Without one, the listener is a unix socket of a virtual machine's.
    const auto port = server_.port() == 0 ? vm_sandbox::services_port : server_.port();
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + proxy_.path();
    return agent_models_json(setup_, provider_, url, grant_->token());
  }

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    if (egress::ConnectHandler::is_for(head)) {
      return token_.is_in_proxy_authorization(head) ? hosts_->admit(head) : no_proxy_token();
    }
    if (ServiceToken::is_for_mcp(head)) {
      auto target = token_.mcp_target(head);
      if (!target) return no_mcp_token();
      auto inner = head;
      inner.target = std::move(*target);
      return servers_->admit(inner);
    }
    if (ServiceToken::is_for_files(head)) {
      if (!token_.file_name(head)) return no_files_token();
      return files_.admit(head);
    }
    // A token that works elsewhere is another agent's.
    if (!grant_->is_presented_by(head)) return model_proxy::wrong_token();
    return proxy_.admit(head);
  }

  asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    if (egress::ConnectHandler::is_for(request.head)) return hosts_->serve(std::move(request), exchange);
    if (ServiceToken::is_for_mcp(request.head)) {
      request.head.target = token_.mcp_target(request.head).value();  // admit() has looked
      return servers_->serve(std::move(request), exchange);
    }
    if (ServiceToken::is_for_files(request.head)) {
      auto name = token_.file_name(request.head).value();  // likewise
      return files_.serve(std::move(request), std::move(name), exchange);
    }
    return proxy_.serve(std::move(request), exchange);
  }

  static asio::awaitable<void> run(std::shared_ptr<Site> self) { co_await self->server_.run(); }
  static asio::awaitable<void> close(std::shared_ptr<Site> self) {
    co_await self->server_.shut_down(std::chrono::milliseconds{0});
    co_await self->hosts_->close();
    co_await self->servers_->close();
    co_await self->files_.close();
  }

 private:
  model_proxy::ModelProxy& proxy_;
  const ProviderSetup& setup_;
  const std::string& provider_;
  std::unique_ptr<model_proxy::Grant> grant_;
  ServiceToken token_;
  std::unique_ptr<egress::ConnectHandler> hosts_;
  std::unique_ptr<mcp_host::AgentServers> servers_;
  OutgoingFiles files_;
  http::Server server_;
};

AgentAccess::AgentAccess(std::shared_ptr<Site> site, async::TaskGroup& tasks)
    : site_(std::move(site)), tasks_(tasks) {
  tasks_.spawn("agent services", Site::run(site_));
}

AgentAccess::~AgentAccess() {
  end();
  site_->servers().stop();
  tasks_.spawn("end of agent services", Site::close(site_));
}

std::uint16_t AgentAccess::port() const { return site_->server().port(); }

void AgentAccess::configure(const std::filesystem::path& agent_folder) const {
  files::write_whole_file(agent_folder / "models.json", site_->models_json());
}

void AgentAccess::begin(std::string job, egress::JobHooks hooks, JobFiles* files) {
  site_->grant().begin(job);
  if (files != nullptr) site_->files().begin(job, *files);
  site_->servers().begin(job);
  site_->hosts().begin(std::move(job), std::move(hooks));
}

void AgentAccess::hold() {
  site_->grant().hold();
  site_->files().end();
  site_->hosts().end();
  site_->servers().end();
}

void AgentAccess::end() {
  site_->grant().end();
  site_->files().end();
  site_->hosts().end();
  site_->servers().end();
}

asio::awaitable<void> AgentAccess::settle() {
  co_await site_->hosts().close();
  co_await site_->files().close();
}

const std::optional<std::string>& AgentAccess::refusal() const { return site_->grant().refusal(); }

AgentServices::AgentServices(const asio::any_io_executor& executor, const config::WorkerSettings& settings,
                             HostPolicyOf hosts, FindServer servers)
    : executor_(executor),
      provider_(settings.provider),
      setup_(required_setup(settings)),
      spending_(settings.home / "worker" / "spending"),
      proxy_(executor, setup_.upstream, spending_, proxy_options(settings)),
      resolver_(executor),
      hosts_(std::move(hosts)),
      mcp_servers_{
          .find = servers ? std::move(servers) : no_servers,
          .folder = settings.home / "mcp" / "host",
          .search_path = "/usr/local/bin:/usr/bin:/bin:" + (settings.home / "runtime" / "bin").string()},
      spool_(make_spool(settings.home)),
      tasks_(executor) {}

std::unique_ptr<AgentAccess> AgentServices::open(http::ListeningSocket listener, AgentIdentity identity,
                                                 ServiceToken token) {
  auto policy = [this, identity = std::move(identity)] {
    return hosts_ ? hosts_(identity) : egress::HostPolicy{};
  };
  auto hosts = std::make_unique<egress::ConnectHandler>(executor_, resolver_, egress_, std::move(policy));
  auto servers = std::make_unique<mcp_host::AgentServers>(executor_, mcp_servers_, mcp_);
  auto site = std::make_shared<AgentAccess::Site>(executor_, proxy_, setup_, provider_, std::move(hosts),
                                                  std::move(servers), spool_, std::move(token));
  site->server().listen(std::move(listener));
  return std::unique_ptr<AgentAccess>(new AgentAccess(std::move(site), tasks_));
}

asio::awaitable<void> AgentServices::shut_down() { return tasks_.join(); }

}  // namespace butler::worker
