# Debian packages, by `cpack` in a build whose prefix is /usr. A shared library has its SONAME in the name of its package, so that several can be installed.

set(c_package libfilestore-c${PROJECT_VERSION_MAJOR})
set(cpp_package libfilestore${PROJECT_VERSION})
set(package_of_filestore_c ${c_package})
set(package_of_filestore ${cpp_package})
set(package_of_development libfilestore-dev)
set(package_of_command filestore)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME filestore)
set(CPACK_PACKAGE_CONTACT "The libfilestore developers <libfilestore@localhost>")
set(CPACK_COMPONENTS_ALL filestore_c filestore development)
if(FILESTORE_WITH_TOOLS)
    list(APPEND CPACK_COMPONENTS_ALL command)
endif()
set(CPACK_STRIP_FILES ON)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package_of_${component}})
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION libs)
    # Not a part of a plain installation, which has it once.
    install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package_of_${component}} RENAME copyright
            COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION utils)

set(CPACK_DEBIAN_FILESTORE_C_DESCRIPTION "stores files in a directory or in S3: library for C")
set(CPACK_DEBIAN_FILESTORE_DESCRIPTION "stores files in a directory or in S3: library for C++")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "stores files in a directory or in S3: headers and static libraries")
set(CPACK_DEBIAN_COMMAND_DESCRIPTION "stores files in a directory or in S3: the command")

# What dpkg-shlibdeps does not find: the database that the library opens by its path, and who reads packed relocations.
set(needed_packages "")
if(FILESTORE_WITH_MAGIC)
    list(APPEND needed_packages libmagic-mgc)
endif()
if(filestore_relocation_flags)
    list(APPEND needed_packages "libc6 (>= 2.36)")
endif()
list(JOIN needed_packages ", " needed_packages)
foreach(component IN ITEMS FILESTORE_C FILESTORE COMMAND)
    set(CPACK_DEBIAN_${component}_PACKAGE_DEPENDS "${needed_packages}")
endforeach()

# What the static libraries need is what the build needed; the shared ones are of one build with the headers.
set(development_packages
    "${c_package} (= ${PROJECT_VERSION})" "${cpp_package} (= ${PROJECT_VERSION})" "libcurl4-openssl-dev | libcurl-dev"
    libssl-dev libsqlite3-dev libyaml-cpp-dev libpugixml-dev libhowardhinnant-date-dev)
if(FILESTORE_WITH_MAGIC)
    list(APPEND development_packages libmagic-dev)
endif()
list(JOIN development_packages ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
include(CPack)
