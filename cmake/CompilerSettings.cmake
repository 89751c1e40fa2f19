set(filestore_warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
# In optimised builds GCC 12 gives these two falsely, for "text" + string and for an empty std::optional.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND filestore_warnings -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(FILESTORE_WARNINGS_AS_ERRORS)
    list(APPEND filestore_warnings -Werror)
endif()

set(filestore_sanitizer_flags "")
if(FILESTORE_SANITIZE)
    list(JOIN FILESTORE_SANITIZE "," sanitizers)
    set(filestore_sanitizer_flags -fsanitize=${sanitizers} -fno-omit-frame-pointer)
    if("undefined" IN_LIST FILESTORE_SANITIZE)
        list(APPEND filestore_sanitizer_flags -fno-sanitize-recover=all)
    endif()
endif()

# What every target of this project is compiled with; nothing of it reaches a consumer.
function(filestore_compile_settings target)
    target_compile_options(${target} PRIVATE ${filestore_warnings} ${filestore_sanitizer_flags})
    target_link_options(${target} PRIVATE ${filestore_sanitizer_flags})
    set_target_properties(
        ${target}
        PROPERTIES C_STANDARD 99
                   C_STANDARD_REQUIRED ON
                   C_EXTENSIONS OFF
                   C_VISIBILITY_PRESET hidden
                   CXX_STANDARD 20
                   CXX_STANDARD_REQUIRED ON
                   CXX_EXTENSIONS OFF
                   CXX_VISIBILITY_PRESET hidden
                   VISIBILITY_INLINES_HIDDEN ON
                   POSITION_INDEPENDENT_CODE ON)
endfunction()

# A shared library names everything that it needs. Clang leaves the sanitizers' symbols to the program.
function(filestore_shared_library_settings target)
    if(NOT FILESTORE_SANITIZE)
        target_link_options(${target} PRIVATE LINKER:-z,defs)
    endif()
    target_link_options(${target} PRIVATE LINKER:--as-needed)
endfunction()
