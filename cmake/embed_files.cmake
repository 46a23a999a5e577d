# butler_embed(<target> <namespace> <function> <file>…)
#
# Compiles text files into <target>: `std::span<const EmbeddedFile> <namespace>::<function>()`, in the order given.
# The declaring header is the module's own; it includes "embedded_file.hpp" of this folder's making.
function(butler_embed target namespace function)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${function}_embedded.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${namespace} -DFUNCTION=${function} "-DFILES=${ARGN}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
