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

# Sections of their own let the linker leave out what nothing uses. A build that looks for faults, or is for a debugger, stays as it is.
set(filestore_section_flags "")
set(filestore_small_flags "")
if(NOT FILESTORE_SANITIZE)
    set(filestore_section_flags $<$<NOT:$<CONFIG:Debug>>:-ffunction-sections> $<$<NOT:$<CONFIG:Debug>>:-fdata-sections>)
    if(FILESTORE_SMALL)
        set(filestore_small_flags $<$<NOT:$<CONFIG:Debug>>:-Os>)
    endif()
endif()

# filestore_small(TARGET [HOT source...] [LOOPS source...]): optimises the target for size, all but these. Loops gain by all that the compiler can do, and have little code; other
# hot sources gain nothing by what is beyond -O2.
function(filestore_small target)
    cmake_parse_arguments(PARSE_ARGV 1 small "" "" "HOT;LOOPS")
    target_compile_options(${target} PRIVATE ${filestore_section_flags} ${filestore_small_flags})
    if(filestore_small_flags)
        set_source_files_properties(${small_HOT} PROPERTIES COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-O2>)
        set_source_files_properties(${small_LOOPS} PROPERTIES COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-O3>)
    endif()
endfunction()

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

# A tenth of the room that relocations take, where the C library of this system, and so of those that the build is for, reads them.
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)
set(filestore_relocation_flags "")
check_linker_flag(CXX LINKER:-z,pack-relative-relocs FILESTORE_LINKER_PACKS_RELOCATIONS)
check_cxx_source_compiles("
    #include <features.h>
    static_assert(__GLIBC_PREREQ(2, 36));
    int main() {}" FILESTORE_LIBC_READS_PACKED_RELOCATIONS)
if(FILESTORE_LINKER_PACKS_RELOCATIONS AND FILESTORE_LIBC_READS_PACKED_RELOCATIONS)
    set(filestore_relocation_flags LINKER:-z,pack-relative-relocs)
endif()

# A shared library names everything that it needs. Clang leaves the sanitizers' symbols to the program.
function(filestore_shared_library_settings target)
    if(NOT FILESTORE_SANITIZE)
        target_link_options(${target} PRIVATE LINKER:-z,defs)
    endif()
    target_link_options(${target} PRIVATE LINKER:--as-needed LINKER:--gc-sections ${filestore_relocation_flags})
endfunction()
