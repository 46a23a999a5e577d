# Run at the installation: what the program writes about itself, its manual page and its completions.
# In: BUTLER (the program), CMAKE_INSTALL_PREFIX. Adds to CMAKE_INSTALL_MANIFEST_FILES.
function(write_from_butler file)
  execute_process(COMMAND ${BUTLER} ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  get_filename_component(folder "$ENV{DESTDIR}${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  file(WRITE "$ENV{DESTDIR}${file}" "${text}")
  file(CHMOD "$ENV{DESTDIR}${file}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

# zsh looks elsewhere for what packages bring.
set(zsh "${CMAKE_INSTALL_PREFIX}/share/zsh/site-functions/_butler")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(zsh "/usr/share/zsh/vendor-completions/_butler")
endif()
set(bash "${CMAKE_INSTALL_PREFIX}/share/bash-completion/completions/butler")
set(fish "${CMAKE_INSTALL_PREFIX}/share/fish/vendor_completions.d/butler.fish")
set(page "${CMAKE_INSTALL_PREFIX}/share/man/man1/butler.1")
write_from_butler("${bash}" completion bash)
write_from_butler("${zsh}" completion zsh)
write_from_butler("${fish}" completion fish)
write_from_butler("${page}" man)
execute_process(COMMAND gzip -9nf "$ENV{DESTDIR}${page}" COMMAND_ERROR_IS_FATAL ANY)
list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${bash}" "${zsh}" "${fish}" "${page}.gz")
