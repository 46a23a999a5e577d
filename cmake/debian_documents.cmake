# Run by CPack for the Debian package alone: the two files that Debian's policy wants in /usr/share/doc/butler.
set(folder ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/doc/butler)
set(packaging ${CMAKE_CURRENT_LIST_DIR}/../packaging/deb)
file(MAKE_DIRECTORY ${folder})
file(COPY ${packaging}/copyright DESTINATION ${folder})
file(COPY ${packaging}/changelog DESTINATION ${folder})
execute_process(COMMAND gzip -9nf ${folder}/changelog COMMAND_ERROR_IS_FATAL ANY)
