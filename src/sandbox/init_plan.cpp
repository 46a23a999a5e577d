#include "sandbox/init_plan.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace butler::sandbox {

namespace {

struct Texts {
  std::string_view name;
  std::vector<std::string> InitPlan::* member;
};
struct Number {
  std::string_view name;
  std::uint64_t InitPlan::* member;
};
struct Flag {
  std::string_view name;
  bool InitPlan::* member;
};

constexpr std::array texts{Texts{"argument", &InitPlan::arguments},
                           Texts{"environment", &InitPlan::environment},
                           Texts{"readable", &InitPlan::readable},
                           Texts{"writable", &InitPlan::writable},
                           Texts{"covered", &InitPlan::covered},
                           Texts{"opened", &InitPlan::opened},
                           Texts{"broker_readable", &InitPlan::broker_readable}};
constexpr std::array numbers{Number{"parent", &InitPlan::parent},
                             Number{"connect_port", &InitPlan::connect_port},
                             Number{"memory_bytes", &InitPlan::memory_bytes},
                             Number{"processes", &InitPlan::processes},
                             Number{"file_bytes", &InitPlan::file_bytes},
                             Number{"open_files", &InitPlan::open_files}};
constexpr std::array flags{Flag{"make_listener", &InitPlan::make_listener},
                           Flag{"filter", &InitPlan::filter},
                           Flag{"shared_kernel_names", &InitPlan::shared_kernel_names},
                           Flag{"landlock", &InitPlan::landlock},
                           Flag{"landlock_required", &InitPlan::landlock_required},
                           Flag{"broker", &InitPlan::broker}};

void put(std::string& out, std::string_view text) {
  out.append(text.substr(0, text.find('\0'))).push_back('\0');
}

std::optional<std::string_view> take(std::string_view& rest) {
  const auto end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return text;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool set(InitPlan& plan, std::string_view name, std::string_view value) {
  if (name == "folder") {
    plan.folder = value;
    return true;
  }
  if (name == "group") {
    plan.group = value;
    return true;
  }
  for (const auto& text : texts) {
    if (text.name != name) continue;
    (plan.*text.member).emplace_back(value);
    return true;
  }
  const auto number = number_in(value);
  if (!number) return false;
  for (const auto& known : numbers) {
    if (known.name != name) continue;
    plan.*known.member = *number;
    return true;
  }
  for (const auto& flag : flags) {
    if (flag.name != name || *number > 1) continue;
    plan.*flag.member = *number == 1;
    return true;
  }
  return false;
}

}  // namespace

std::string encode(const InitPlan& plan) {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    put(out, name);
    put(out, value);
  };
  add("folder", plan.folder);
  add("group", plan.group);
  for (const auto& text : texts) {
    for (const auto& value : plan.*text.member) add(text.name, value);
  }
  for (const auto& number : numbers) add(number.name, std::to_string(plan.*number.member));
  for (const auto& flag : flags) add(flag.name, plan.*flag.member ? "1" : "0");
  return out;
}

std::expected<InitPlan, std::string> decode_init_plan(std::string_view text) {
  InitPlan plan;
  while (!text.empty()) {
    const auto name = take(text);
    const auto value = take(text);
    if (!name || !value || !set(plan, *name, *value)) {
      return std::unexpected("the sandbox's plan is not understood at '" + std::string{name.value_or("")} +
                             "'");
    }
  }
  if (plan.arguments.empty() || plan.folder.empty()) {
    return std::unexpected(std::string{"the sandbox's plan names no program or no folder"});
  }
  return plan;
}

}  // namespace butler::sandbox
