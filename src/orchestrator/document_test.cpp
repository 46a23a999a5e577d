#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

#include "json/value.hpp"
#include "orchestrator/routes.hpp"
#include "orchestrator/service_fixture.hpp"

// openapi.json against the routes that there are. tests/system/test_openapi.py holds it against their
// answers.
namespace butler::orchestrator::document_test {
namespace {

json::Value document() {
  std::ifstream file(BUTLER_SOURCE_DIR "/src/orchestrator/openapi.json");
  return json::parse(std::string(std::istreambuf_iterator<char>(file), {})).value();
}

/// "/v1/jobs/{jobId}" as the route table writes it.
std::string pattern(std::string path) {
  std::erase(path, '}');
  std::ranges::replace(path, '{', ':');
  return path;
}

/// Who may call an operation, by the names of its security schemes.
Caller documented_caller(const json::Value& operation) {
  const auto& alternatives = json::find(operation, "security")->as_array();
  std::set<std::string, std::less<>> schemes;
  for (const auto& alternative : alternatives) {
    for (const auto& scheme : alternative.as_object()) schemes.emplace(scheme.key());
  }
  if (schemes.empty()) return Caller::anyone;
  if (schemes == std::set<std::string, std::less<>>{"gatewayBearer", "gatewayKey"}) return Caller::gateway;
  EXPECT_THAT(schemes, testing::UnorderedElementsAre("workerBearer", "workerKey"));
  return Caller::worker;
}

using Routes = std::map<std::pair<std::string, std::string>, Caller>;

Routes documented_routes() {
  Routes routes;
  const auto root = document();
  for (const auto& path : json::find(root, "paths")->as_object()) {
    for (const auto& operation : path.value().as_object()) {
      std::string method{operation.key()};
      if (method == "parameters") continue;
      std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::toupper(c); });
      routes.emplace(std::pair{method, pattern(std::string{path.key()})},
                     documented_caller(operation.value()));
    }
  }
  return routes;
}

class DocumentTest : public testing::Test, protected ServiceFixture {};

TEST_F(DocumentTest, EveryRouteIsInItWithItsCallerAndNoOther) {
  RouteTable table;
  add_job_routes(table, *jobs, *artifacts);
  add_approval_routes(table, *approvals);
  add_delivery_routes(table, *jobs);
  add_worker_routes(table, *leases);
  add_artifact_routes(table, *artifacts);
  add_admin_routes(table, *jobs, *store);
  add_document_route(table);
  add_metrics_route(table, [] { return std::string{}; });

  Routes served;
  for (const auto& route : table.routes()) {
    served.emplace(std::pair{std::string{route.method}, std::string{route.path}}, route.caller);
  }

  EXPECT_EQ(documented_routes(), served);
}

TEST_F(DocumentTest, IsServedAsItIs) {
  RouteTable table;
  add_document_route(table);
  const http::Request request;
  const auto answer = std::get<http::Response>(table.routes().front().handler({request, {}, now}));

  EXPECT_EQ(json::parse(answer.body), document());
}

}  // namespace
}  // namespace butler::orchestrator::document_test
