#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace load {

/// The value below which this fraction of the values lies. Sorts them.
double percentile(std::vector<double>& sorted_later, double fraction);

/// Prints rate and latencies (in milliseconds) as a line of JSON.
void print(std::size_t count, double seconds, std::vector<double>& latencies);

/// F: appends 4 KiB and syncs, over and over. Returns the program's exit code.
int measure_fsync(const std::string& folder, double seconds);

/// Counts as fast as a core can. Returns the program's exit code.
int measure_spin(double seconds);

}  // namespace load
