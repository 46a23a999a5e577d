# Refuses a compiler that gets temporaries in co_await expressions wrong (g++ 12.2 does, silently):
# the probe counts what is alive after the two worst patterns, and exits 0 only when all is destroyed once.
if(NOT DEFINED BUTLER_COROUTINES_RIGHT)
  try_run(
    probe_exit probe_compiled
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/coroutine_probe.cpp
    CXX_STANDARD 23 CXX_STANDARD_REQUIRED ON
    COMPILE_OUTPUT_VARIABLE probe_output)
  if(probe_compiled AND probe_exit EQUAL 0)
    set(BUTLER_COROUTINES_RIGHT ON CACHE INTERNAL "the compiler passes cmake/coroutine_probe.cpp")
  else()
    message(FATAL_ERROR
      "${CMAKE_CXX_COMPILER} miscompiles coroutines (cmake/coroutine_probe.cpp: compiled=${probe_compiled}, exit=${probe_exit}). "
      "On Debian 12: apt-get install clang-19 libclang-rt-19-dev, then use the presets (cmake --preset release).\n${probe_output}")
  endif()
endif()
