# Everything that is compiled and linked for Butler gets these.
add_library(butler_options INTERFACE)
target_compile_options(butler_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -fno-omit-frame-pointer -ffunction-sections -fdata-sections)
target_link_options(butler_options INTERFACE -Wl,--gc-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # A tenth of the time that GNU's linker takes for each of the many programs with tests.
  target_link_options(butler_options INTERFACE -fuse-ld=lld)
endif()
target_include_directories(butler_options INTERFACE ${PROJECT_SOURCE_DIR}/src)

# All but the dev preset take a module's sources together: what they all include is parsed and instantiated once. In the
# sanitizers' larger units a name of one source may hide in another's parameter; the release build looks for real ones.
if(BUTLER_SANITIZE)
  target_compile_options(butler_options INTERFACE -Wno-shadow)
endif()

# A precompiled header is the same whenever it was made: ccache goes by its content.
target_compile_options(butler_options INTERFACE "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")

# Optimising the tests' own sources takes half to two thirds of their build, and finds nothing.
add_library(butler_test_options INTERFACE)
target_compile_options(butler_test_options INTERFACE -O0 -U_FORTIFY_SOURCE)

if(BUTLER_SANITIZE)
  # On every target, third_party included: a half-instrumented Asio gives false reports.
  # Not optimised: that would take more than half of the build, and the suites wait more than they work.
  add_compile_options(-fsanitize=${BUTLER_SANITIZE} -fno-sanitize-recover=all -g1 -O0)
  add_link_options(-fsanitize=${BUTLER_SANITIZE})
  add_compile_definitions(BUTLER_SANITIZED=1)
else()
  add_compile_options($<$<CONFIG:Release>:-fstack-protector-strong> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
endif()
