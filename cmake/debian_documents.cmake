# Run by CPack for the Debian package alone: the files that Debian's policy and its checker want beside the installation.
set(packaging ${CMAKE_CURRENT_LIST_DIR}/../packaging/deb)
set(documents ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/doc/butler)
set(overrides ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/lintian/overrides)
file(MAKE_DIRECTORY ${documents} ${overrides})
file(COPY ${packaging}/copyright ${packaging}/changelog DESTINATION ${documents})
execute_process(COMMAND gzip -9nf ${documents}/changelog COMMAND_ERROR_IS_FATAL ANY)
configure_file(${packaging}/lintian-overrides ${overrides}/butler COPYONLY)
