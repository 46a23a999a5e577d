#include "sandbox_probe/main.hpp"

int main(int argc, char** argv) { return butler::sandbox_probe::run(argc, argv); }
