#include "doctor/checks.hpp"
#include "doctor/file_check.hpp"
#include "mcp_host/configuration_file.hpp"

namespace butler::doctor {

boost::asio::awaitable<Findings> check_mcp(const Context& context) {
  McpFacts facts{.hosts_file = mcp_host::configuration_path(context.home()).string()};
  {
    const AsUser agent(context.agent);
    const auto servers = mcp_host::ConfigurationFile::open(facts.hosts_file);
    if (!servers) facts.hosts_fault = servers.error();
  }
  co_return judge_mcp(facts);
}

}  // namespace butler::doctor
