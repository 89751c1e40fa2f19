# The packages that the library links. The build uses this file, and the installed package does for its static libraries.

# Who sends requests: S3, and what tells others of what the catalogue records.
set(filestore_with_http OFF)
if(FILESTORE_WITH_S3 OR FILESTORE_WITH_SQLITE)
    set(filestore_with_http ON)
endif()

set(filestore_dependencies OpenSSL Threads date)
set(filestore_link_libraries OpenSSL::Crypto Threads::Threads date::date-tz)
set(filestore_link_names crypto date-tz)
# filestore_depend(OPTION PACKAGE TARGET NAME): on a package for the sake of an option; NAME is its library's for the linker.
macro(filestore_depend option package target name)
    if(${option})
        list(APPEND filestore_dependencies ${package})
        list(APPEND filestore_link_libraries ${target})
        list(APPEND filestore_link_names ${name})
    endif()
endmacro()
filestore_depend(filestore_with_http CURL CURL::libcurl curl)
filestore_depend(FILESTORE_WITH_SQLITE SQLite3 SQLite::SQLite3 sqlite3)
filestore_depend(FILESTORE_WITH_S3 pugixml pugixml::pugixml pugixml)
filestore_depend(FILESTORE_WITH_YAML yaml-cpp yaml-cpp::yaml-cpp yaml-cpp)

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
    # Before its version 0.8 yaml-cpp exports a target without a namespace.
    if(TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
        add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED)
        target_link_libraries(yaml-cpp::yaml-cpp INTERFACE yaml-cpp)
    endif()
endmacro()

# libmagic is loaded once the type of a file is asked for.
if(FILESTORE_WITH_MAGIC AND CMAKE_DL_LIBS)
    list(APPEND filestore_link_libraries ${CMAKE_DL_LIBS})
    list(APPEND filestore_link_names ${CMAKE_DL_LIBS})
endif()
