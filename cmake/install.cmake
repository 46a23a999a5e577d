# What an installation is made of: `make install`, the Debian package and the container image all take it from here.
# Only these are built for it, not every test.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(library lib/butler) # never multiarch: nothing here is a library that others link

# The programs look for each other beside /proc/self/exe, so they lie together, with a link where people look.
install(TARGETS butler butler-sandbox-init butler-guest-agent butler-sandbox-probe RUNTIME DESTINATION ${library})
install(CODE [[
  file(MAKE_DIRECTORY "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/bin")
  file(CREATE_LINK ../lib/butler/butler "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/bin/butler" SYMBOLIC)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/bin/butler")
]])

# `butler runtime install` fetches what the lock file pins.
install(FILES runtime/package.json runtime/package-lock.json DESTINATION ${library}/runtime)
install(FILES tools/setup/common.sh DESTINATION ${library}/tools/setup)
install(PROGRAMS tools/setup/runtime.sh DESTINATION ${library}/tools/setup)

install(FILES packaging/sysusers.conf DESTINATION lib/sysusers.d RENAME butler.conf)
install(FILES packaging/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME butler.conf)

# The prefix is known when it is installed, so the units are filled in then.
install(CODE "set(units \"${PROJECT_SOURCE_DIR}/packaging/systemd\")")
install(CODE [[
  set(BIN_DIR "${CMAKE_INSTALL_PREFIX}/bin")
  set(DOC_DIR "${CMAKE_INSTALL_PREFIX}/share/doc/butler")
  foreach(unit butler.target butler-orchestrator.service butler-gateway.service butler-worker.service)
    set(file "${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${unit}")
    configure_file("${units}/${unit}.in" "$ENV{DESTDIR}${file}" @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${file}")
  endforeach()
]])

install(CODE "set(BUTLER \"$<TARGET_FILE:butler>\")")
install(SCRIPT cmake/install_shell_files.cmake)

install(FILES README.md ARCHITECTURE.md .env.example DESTINATION share/doc/butler)
install(DIRECTORY docs DESTINATION share/doc/butler FILES_MATCHING PATTERN "*.md")

include(cmake/debian_package.cmake)
