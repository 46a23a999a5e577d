#pragma once

#include "metrics/registry.hpp"

namespace butler::metrics {

/// Adds what every role tells of itself: `butler_build_info`, and under their customary names the process's
/// start, memory, processor time and open descriptors, read from /proc before each text.
void add_process_metrics(Registry& registry);

}  // namespace butler::metrics
