# The packages that the library links. The build uses this file, and the installed package does for its static libraries.

set(filestore_dependencies CURL OpenSSL SQLite3 Threads date pugixml yaml-cpp)

# libmagic has no package of CMake's.
macro(filestore_find_magic)
    find_path(FILESTORE_MAGIC_INCLUDE_DIR magic.h)
    find_library(FILESTORE_MAGIC_LIBRARY magic)
    if(NOT FILESTORE_MAGIC_INCLUDE_DIR OR NOT FILESTORE_MAGIC_LIBRARY)
        list(APPEND filestore_missing libmagic)
    elseif(NOT TARGET filestore_magic)
        add_library(filestore_magic INTERFACE IMPORTED)
        target_include_directories(filestore_magic INTERFACE ${FILESTORE_MAGIC_INCLUDE_DIR})
        target_link_libraries(filestore_magic INTERFACE ${FILESTORE_MAGIC_LIBRARY})
    endif()
endmacro()

# Calls find_package with the arguments given (REQUIRED or QUIET) for each dependency; filestore_missing then lists
# those that were not found.
macro(filestore_find_dependencies)
    set(filestore_missing "")
    set(THREADS_PREFER_PTHREAD_FLAG ON)
    foreach(filestore_dependency IN LISTS filestore_dependencies)
        find_package(${filestore_dependency} ${ARGN})
        if(NOT ${filestore_dependency}_FOUND)
            list(APPEND filestore_missing ${filestore_dependency})
        endif()
    endforeach()
    if(FILESTORE_WITH_MAGIC)
        filestore_find_magic()
    endif()
    # Before its version 0.8 yaml-cpp exports a target without a namespace.
    if(TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
        add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED)
        target_link_libraries(yaml-cpp::yaml-cpp INTERFACE yaml-cpp)
    endif()
endmacro()

set(filestore_link_libraries CURL::libcurl OpenSSL::Crypto SQLite::SQLite3 Threads::Threads date::date-tz
                             pugixml::pugixml yaml-cpp::yaml-cpp)
if(FILESTORE_WITH_MAGIC)
    list(APPEND filestore_link_libraries filestore_magic)
endif()
