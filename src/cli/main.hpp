#pragma once

namespace butler::cli {

/// Runs the command line; the process's exit status (see ExitCode). Throws nothing.
int run(int argc, char** argv);

}  // namespace butler::cli
