#include "vm_sandbox/run_plan.hpp"

#include <boost/describe.hpp>

#include "json/codec.hpp"

namespace butler::vm_sandbox {

BOOST_DESCRIBE_STRUCT(GuestTree, (), (path, writable, returned))
BOOST_DESCRIBE_STRUCT(GuestLink, (), (path, target))
BOOST_DESCRIBE_STRUCT(RunPlan, (),
                      (parent, arguments, environment, workspace, trees, links, kept, merge_errors,
                       memory_mib, workspace_mib, store, image_kind, image_digest, folder))

std::string encode(const RunPlan& plan) { return json::serialize(json::encode(plan)); }

std::expected<RunPlan, std::string> decode_run_plan(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected("the machine's plan is no JSON: " + value.error());
  auto plan = json::decode<RunPlan>(*value);
  if (!plan) {
    return std::unexpected("the machine's plan is wrong: " + plan.error().front().path + " " +
                           plan.error().front().message);
  }
  return std::move(*plan);
}

}  // namespace butler::vm_sandbox
