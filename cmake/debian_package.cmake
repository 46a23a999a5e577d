# `make deb`: the Debian package, made by CPack of what cmake/install.cmake installs.
set(debian ${PROJECT_SOURCE_DIR}/packaging/deb)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME butler)
set(CPACK_PACKAGE_CONTACT "The Butler developers <butler@localhost.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "personal AI agent in Telegram, on a machine of your own")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "You write to your bot; the pi coding agent does the work in a sandbox on this\nmachine; the answer comes back. Three small services: gateway, orchestrator and\nworker. After the installation: sudo butler setup.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF) # the release build is stripped, and the sandbox's programs are static
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Users and the home are made by systemd's tools, which need no running systemd.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "bubblewrap, ca-certificates, init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
# npm fetches the runtime; the agent's own tools are ripgrep and fd.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "npm, ripgrep, fd-find, git, python3")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libpq5, qemu-system-x86, qemu-utils, busybox-static, e2fsprogs")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/preinst ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian_documents.cmake)
include(CPack)
