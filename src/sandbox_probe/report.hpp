#pragma once

#include <string>
#include <string_view>

#include "sandbox_probe/attempt.hpp"

namespace butler::sandbox_probe {

enum class Format { text, json };

/// What a tier of the sandbox says beforehand that it cannot hold, as a reason; "" when it promises to.
std::string_view known_gap(std::string_view tier, std::string_view group, std::string_view id);

/// One line about an attempt, without the line break. JSON: {"id", "group", "result", "open_means",
/// "detail"}.
std::string describe(const Attempt& attempt, std::string_view group, std::string_view result,
                     const std::string& detail, Format format);

/// Makes every attempt, prints what came of each on stdout, then a summary
/// ({"held", "open", "skipped", "broken"}). 0 when none is open and everything works that has to.
int make_all(const Targets& targets, Format format);

}  // namespace butler::sandbox_probe
