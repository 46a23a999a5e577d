# butler_module(<name> [DEPENDS <modules>…] [LINKS <libraries>…])
#
# A folder under src/ is a module: its .cpp files make the library butler_<name>, its *_test.cpp files make the
# program <name>_test, one ctest entry. DEPENDS is the whole truth of what it may include: tools/check_layers.py
# holds the #include lines against it.
function(butler_module name)
  cmake_parse_arguments(module "" "" "DEPENDS;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM module_DEPENDS PREPEND butler_ OUTPUT_VARIABLE dependencies)

  if(sources)
    add_library(butler_${name} STATIC ${sources})
    target_link_libraries(butler_${name} PUBLIC butler_options ${dependencies} ${module_LINKS})
    if("async" IN_LIST module_DEPENDS)
      target_precompile_headers(butler_${name} REUSE_FROM butler_precompiled)
    endif()
  else()
    add_library(butler_${name} INTERFACE)
    target_link_libraries(butler_${name} INTERFACE butler_options ${dependencies} ${module_LINKS})
  endif()

  # Tests of a module without coroutines have one thread: nothing can race there.
  if(BUTLER_SANITIZE STREQUAL "thread" AND NOT "async" IN_LIST module_DEPENDS AND NOT name STREQUAL "async")
    set(tests "")
  endif()

  if(tests AND BUTLER_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE butler_test_options butler_${name} GTest::gmock_main)
    if("async" IN_LIST module_DEPENDS)
      target_precompile_headers(${name}_test REUSE_FROM butler_precompiled_tests)
    else()
      target_precompile_headers(${name}_test REUSE_FROM butler_precompiled_plain_tests)
    endif()
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${name}_test PRIVATE BUTLER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 240 LABELS unit)
  endif()
endfunction()
