# The tests in Python: of the tools, and of the real processes together. Each file is one ctest entry.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

# butler_python_tests(<prefix> <folder> [LABEL <label>] [PATH <folder on Python's path>])
function(butler_python_tests prefix folder)
  cmake_parse_arguments(PARSE_ARGV 2 tests "" "LABEL;PATH" "")
  file(GLOB files CONFIGURE_DEPENDS ${folder}/test_*.py)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "${prefix}_" name ${name})
    add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} -B ${file} --verbose WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES
      TIMEOUT 600
      LABELS "${tests_LABEL}"
      ENVIRONMENT "PYTHONPATH=${tests_PATH};BUTLER_BINARY=${PROJECT_BINARY_DIR}/butler;BUTLER_SANITIZED=${BUTLER_SANITIZE}")
  endforeach()
endfunction()

butler_python_tests(system ${CMAKE_CURRENT_LIST_DIR}/system LABEL system PATH ${CMAKE_CURRENT_LIST_DIR})

# These see nothing of the binary: once, with the plain build.
if(NOT BUTLER_SANITIZE)
  add_test(NAME layers COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tools/check_layers.py)
  butler_python_tests(tool ${PROJECT_SOURCE_DIR}/tools/tests LABEL tools)
  butler_python_tests(simulator ${PROJECT_SOURCE_DIR}/tools/telegram-simulator/tests LABEL tools
                      PATH ${PROJECT_SOURCE_DIR}/tools/telegram-simulator)
endif()
