#include "cli/main.hpp"

int main(int argc, char** argv) { return butler::cli::run(argc, argv); }
