#pragma once

#include <span>
#include <string>

#include "api/artifact.hpp"
#include "console/access.hpp"
#include "console/streams.hpp"

/// `butler job artifacts`: the files of a job.
namespace butler::console {

struct ArtifactOptions {
  std::string get = {};     ///< the name of the one to fetch; "" lists them
  std::string output = {};  ///< where to; "" for its name in the current folder
};

/// Lists the files of a job, or fetches one, which replaces nothing. Returns the exit status. Throws Failure.
int job_artifacts(const Access& access, const std::string& typed, const ArtifactOptions& options,
                  Streams streams);

/// A line per file: name, size, what it is, who brought it, caption. Pure.
std::string artifact_table(std::span<const api::Artifact> artifacts, std::size_t columns);

}  // namespace butler::console
