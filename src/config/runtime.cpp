#include "config/runtime.hpp"

#include <system_error>

#include "files/trusted_path.hpp"

namespace butler::config {

namespace fs = std::filesystem;

fs::path find_runtime(const std::vector<std::string>& pi_command) {
  if (pi_command.empty()) return {};
  const fs::path program = pi_command.front();
  const auto bin = program.parent_path();
  if (!program.is_absolute() || program.filename() != "pi" || bin.filename() != "bin") return {};
  const auto runtime = bin.parent_path();
  std::error_code error;
  // By its name also when hardly anything is in it: somebody may have put it there.
  const bool is_one = runtime.filename() == "runtime" || fs::exists(runtime / "node_modules", error);
  return is_one ? runtime : fs::path{};
}

std::optional<std::string> find_runtime_fault(const fs::path& runtime) {
  for (const fs::path& path :
       {runtime, runtime / "bin", runtime / "node_modules", runtime / "bin/node", runtime / "bin/pi"}) {
    if (const auto fault = files::find_path_fault(path)) {
      return "the runtime " + runtime.string() + " is not run: " + *fault +
             "; `butler runtime install` replaces it";
    }
  }
  return std::nullopt;
}

}  // namespace butler::config
