include(CMakePackageConfigHelpers)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/filestore)

set(installed_headers
    include/filestore/audit.h
    include/filestore/backend.h
    include/filestore/blocking_backend.h
    include/filestore/call.h
    include/filestore/checksum.h
    include/filestore/cleanup.h
    include/filestore/error.h
    include/filestore/executor.h
    include/filestore/export.h
    include/filestore/file_exporter.h
    include/filestore/file_id.h
    include/filestore/local_backend.h
    include/filestore/metadata.h
    include/filestore/pause.h
    include/filestore/reconcile.h
    include/filestore/result.h
    include/filestore/resumable_store.h
    include/filestore/resumable_upload.h
    include/filestore/s3_backend.h
    include/filestore/s3_client.h
    include/filestore/s3_credentials.h
    include/filestore/s3_options.h
    include/filestore/salvage.h
    include/filestore/schedule.h
    include/filestore/secret.h
    include/filestore/service.h
    include/filestore/soft_delete.h
    include/filestore/stdstream.h
    include/filestore/stream.h
    include/filestore/time.h
    include/filestore/validation.h
    include/filestore/verify.h
    include/filestore/version.h)
install(FILES ${installed_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/filestore COMPONENT development)
install(FILES capi/include/filestore.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

foreach(kind shared static)
    string(TOUPPER ${kind} upper)
    if(FILESTORE_BUILD_${upper})
        set(suffix "")
        if(kind STREQUAL static)
            set(suffix _static)
        endif()
        foreach(library filestore filestore_c)
            install(
                TARGETS ${library}${suffix}
                EXPORT filestore_${kind}
                LIBRARY COMPONENT ${library} NAMELINK_COMPONENT development
                ARCHIVE COMPONENT development)
        endforeach()
        install(
            EXPORT filestore_${kind}
            NAMESPACE filestore::
            FILE filestore_${kind}.cmake
            DESTINATION ${package_directory}
            COMPONENT development)
    endif()
endforeach()
if(FILESTORE_WITH_TOOLS)
    install(TARGETS filestore_tool COMPONENT command)
    if(NOT CMAKE_CROSSCOMPILING)
        set(texts ${PROJECT_BINARY_DIR}/tools/filestore)
        install(FILES ${texts}/filestore.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)
        install(FILES ${texts}/filestore.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
                RENAME filestore COMPONENT command)
        install(FILES ${texts}/_filestore DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/${FILESTORE_ZSH_DIRECTORY}
                COMPONENT command)
    endif()
endif()

configure_package_config_file(
    cmake/filestoreConfig.cmake.in ${PROJECT_BINARY_DIR}/filestoreConfig.cmake
    INSTALL_DESTINATION ${package_directory}
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/filestoreConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/filestoreConfig.cmake ${PROJECT_BINARY_DIR}/filestoreConfigVersion.cmake
        DESTINATION ${package_directory}
        COMPONENT development)
install(FILES cmake/Dependencies.cmake DESTINATION ${package_directory} RENAME filestoreDependencies.cmake
        COMPONENT development)

# The prefix is found from the place of the .pc file, so that the installed tree can be moved.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
list(JOIN filestore_link_names " -l" filestore_pc_libraries)
foreach(package filestore filestore_c)
    configure_file(cmake/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/filestore COMPONENT licence)
