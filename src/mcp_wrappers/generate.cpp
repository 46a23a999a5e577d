#include "mcp_wrappers/generate.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "digest/sha256.hpp"
#include "domain/embedded_file.hpp"
#include "files/folder.hpp"
#include "files/small_file.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "mcp_wrappers/mend.hpp"

namespace butler::mcp_wrappers {

namespace fs = std::filesystem;

std::span<const domain::EmbeddedFile> wrapper_programs();

namespace {

constexpr std::string_view workshop_prefix = "workshop-";
constexpr std::size_t longest_result = std::size_t{64} << 20U;
/// For steps that no server takes part in; they take 3 s on a slow machine.
constexpr std::chrono::seconds local_limit{60};

void make_open_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0755) == 0) {
    if (::chmod(folder.c_str(), 0755) != 0) files::throw_errno(folder.string());  // whatever the umask
    return;
  }
  if (errno != EEXIST) files::throw_errno(folder.string());
  struct stat status{};
  if (::lstat(folder.c_str(), &status) != 0) files::throw_errno(folder.string());
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 0022U) != 0) {
    throw std::runtime_error(
        folder.string() +
        " has to be a folder of the user that runs `butler mcp sync`, which nobody else can write "
        "to: move it away, or chown and chmod it");
  }
}

/// What one wrapper is made of, in its workshop.
class Bench {
 public:
  Bench(const Site& site, const Target& target, const Server& server)
      : site_(site), target_(target), server_(server), workshop_(site) {
    for (const auto& file : wrapper_programs())
      files::write_whole_file(at(std::string{file.name}), file.content, 0644);
    files::write_whole_file(at("mcporter.json"), configuration_for(target.name, server), 0644);
    fs::create_directory_symlink(site.places.runtime / "node_modules", at("node_modules"));
  }

  fs::path at(const std::string& name) const { return workshop_.folder() / name; }

  std::expected<Outcome, std::string> run(std::vector<std::string> arguments,
                                          std::chrono::milliseconds limit) const {
    const Program program{.arguments = std::move(arguments),
                          .environment = environment(),
                          .folder = workshop_.folder(),
                          .limit = limit};
    auto outcome = run_program(program, site_.user);
    if (!outcome) return outcome;
    if (auto problem = outcome->problem(program); !problem.empty())
      return std::unexpected(std::move(problem));
    return outcome;
  }

  std::expected<Outcome, std::string> mcporter(std::vector<std::string> arguments) const {
    std::vector<std::string> words{site_.places.node().string(), site_.places.mcporter().string(), "--config",
                                   at("mcporter.json").string()};
    std::ranges::move(arguments, std::back_inserter(words));
    return run(std::move(words), limit_of(target_));
  }

  /// A file that was made here. Whoever made it may have put anything in its place.
  std::expected<std::string, std::string> result(const std::string& name) const {
    auto file = files::read_small_file(at(name), longest_result, files::Links::refuse);
    if (!file) return std::unexpected("it has not made " + name + " (" + file.error().message() + ")");
    if (file->text.empty()) return std::unexpected("it has made an empty " + name);
    return std::move(file->text);
  }

 private:
  /// What is declared, and nothing else of ours.
  std::vector<std::string> environment() const {
    std::vector<std::string> made{"PATH=" + system_search_path(site_.places), "HOME=" + at("home").string(),
                                  "LANG=C.UTF-8", "TMPDIR=" + at("tmp").string()};
    auto names = server_.variables;
    if (server_.remote) {
      for (const char* const name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY",
                                     "no_proxy", "NODE_USE_ENV_PROXY", "NODE_EXTRA_CA_CERTS"})
        names.emplace_back(name);
    }
    for (const auto& name : names) {
      const auto found = site_.variables.find(name);
      if (found != site_.variables.end()) made.push_back(name + "=" + found->second);
    }
    return made;
  }

  const Site& site_;
  const Target& target_;
  const Server& server_;
  Workshop workshop_;
};

std::vector<std::string> generate_words(const Target& target, const std::string& output) {
  return {"generate-cli", target.name, "--name",    target.name,
          "--runtime",    "node",      "--timeout", std::to_string(target.timeout.count()),
          "--output",     output};
}

std::vector<std::string> types_words(const Target& target, const std::string& output) {
  return {"emit-ts", target.name, "--mode", "types", "--out", output};
}

/// The types without the lines that tell when and where they were made.
std::string without_origin(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("// Generated on ") || line.starts_with("// Source: ")) continue;
    kept.append(line).push_back('\n');
  }
  return kept;
}

std::expected<std::string, std::string> make_program(const Bench& bench, const Site& site,
                                                     const Target& target, const Telling& tell) {
  tell("asking the server what it can");
  auto generated = bench.mcporter(generate_words(target, bench.at("wrapper.ts").string()));
  if (!generated) return std::unexpected("mcporter generate-cli " + generated.error());
  auto source = bench.result("wrapper.ts");
  if (!source) return std::unexpected("mcporter generate-cli: " + source.error());
  auto mended = mend_source(*std::move(source), bench.at("").parent_path(), limit_of(target));
  if (!mended) return std::unexpected(mended.error());
  files::write_whole_file(bench.at("mended.ts"), *mended, 0644);
  tell("bundling");
  const auto program = bench.at("wrapper.mjs").string();
  const auto node = site.places.node().string();
  auto bundled = bench.run({node, bench.at("bundle.mjs").string(), bench.at("mended.ts").string(), program},
                           local_limit);
  if (!bundled) return std::unexpected("the bundler " + bundled.error());
  tell("trying it");
  auto tried = bench.run({node, program, "--help"}, local_limit);
  if (!tried) return std::unexpected("its --help " + tried.error());
  if (tried->output.empty()) return std::unexpected("its --help says nothing");
  return bench.result("wrapper.mjs");
}

}  // namespace

Workshop::Workshop(const Site& site)
    : folder_(site.places.workshop() / (std::string{workshop_prefix} + "XXXXXX")) {
  std::string name = folder_.string();
  if (::mkdtemp(name.data()) == nullptr) files::throw_errno(name);
  folder_ = name;
  for (const char* const inner : {"home", "tmp"}) {
    if (::mkdir((folder_ / inner).c_str(), 0700) != 0) files::throw_errno(inner);
  }
  if (!site.user) return;
  for (const auto& path : {folder_ / "home", folder_ / "tmp", folder_}) {
    if (::lchown(path.c_str(), site.user->uid, site.user->gid) != 0) files::throw_errno(path.string());
  }
}

Workshop::~Workshop() {
  std::error_code error;
  fs::remove_all(folder_, error);  // what stays is cleared by the next run
}

void clear_workshops(const Places& places) {
  for (const auto& name : files::names_in(places.workshop())) {
    std::error_code error;
    if (name.starts_with(workshop_prefix)) fs::remove_all(places.workshop() / name, error);
  }
}

std::expected<Made, std::string> make_wrapper(const Site& site, const Target& target, const Server& server,
                                              Types types, const Telling& tell) {
  const Bench bench(site, target, server);
  auto program = make_program(bench, site, target, tell);
  if (!program) return std::unexpected(program.error());
  Made made{.launcher = {}, .program = marked_as_ours(*program), .types = {}, .warnings = {}};
  if (types == Types::write && target.emit_types) {
    tell("writing its types");
    auto emitted = bench.mcporter(types_words(target, bench.at("types.d.ts").string()));
    auto text = emitted ? bench.result("types.d.ts") : std::unexpected(emitted.error());
    if (text) {
      made.types = marked_as_ours(without_origin(*text));
    } else {
      made.warnings.push_back("its types could not be written: mcporter emit-ts " + text.error());
    }
  }
  const Digests digests{.inputs = digest_inputs(target, server, site.mcporter),
                        .program = digest::sha256_hex(made.program)};
  made.launcher =
      render_launcher(target, server, site.places.node(), site.places.lib / (target.name + ".mjs"), digests);
  return made;
}

std::vector<std::string> commands_for(const Site& site, const Target& target, Types types) {
  const auto& places = site.places;
  const std::string folder = (places.workshop() / "workshop-…").string();
  const auto mcporter =
      places.node().string() + ' ' + places.mcporter().string() + " --config " + folder + "/mcporter.json";
  const auto joined = [](const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) line += ' ' + word;
    return line;
  };
  std::vector<std::string> commands{mcporter + joined(generate_words(target, folder + "/wrapper.ts")),
                                    places.node().string() + ' ' + folder + "/bundle.mjs " + folder +
                                        "/mended.ts " + folder + "/wrapper.mjs",
                                    places.node().string() + ' ' + folder + "/wrapper.mjs --help"};
  if (types == Types::write && target.emit_types)
    commands.push_back(mcporter + joined(types_words(target, folder + "/types.d.ts")));
  return commands;
}

void put_in_place(const Places& places, const std::string& name, const Made& made) {
  for (const auto& folder : {places.bin, places.lib, places.types}) make_open_folder(folder);
  files::write_whole_file(places.lib / (name + ".mjs"), made.program, 0644);
  if (made.types) files::write_whole_file(places.types / (name + ".d.ts"), *made.types, 0644);
  files::write_whole_file(places.bin / name, made.launcher, 0755);
}

Trial try_wrapper(const Site& site, const Target& target, const Server& server) {
  const Bench bench(site, target, server);
  const auto help = bench.run({(site.places.bin / target.name).string(), "--help"}, local_limit);
  if (!help) return {.problem = "its --help " + help.error(), .tools = {}};
  const auto listed =
      bench.mcporter({"list", target.name, "--json", "--timeout", std::to_string(target.timeout.count())});
  if (!listed) return {.problem = "its server does not answer: mcporter list " + listed.error(), .tools = {}};
  const auto answer = json::parse_tolerant(listed->output);
  const auto* tools = answer ? json::find(*answer, "tools") : nullptr;
  if (tools == nullptr || !tools->is_array())
    return {.problem = "mcporter list has not said which tools there are", .tools = {}};
  Trial trial;
  for (const auto& tool : tools->as_array()) trial.tools.emplace_back(json::find_string(tool, "name"));
  return trial;
}

}  // namespace butler::mcp_wrappers
