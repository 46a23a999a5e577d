#include "domain/embedded_file.hpp"
#include "orchestrator/routes.hpp"

namespace butler::orchestrator {

/// openapi.json.
std::span<const domain::EmbeddedFile> documents();

void add_document_route(RouteTable& routes) {
  routes.add_reading({"GET", "/openapi.json", Caller::anyone, 0, [](const RouteRequest&) -> Answer {
                        return http::json_response(200, std::string{documents().front().content});
                      }});
}

}  // namespace butler::orchestrator
