# A project that includes this one chooses its own launcher.
if(PROJECT_IS_TOP_LEVEL)
    find_program(FILESTORE_CCACHE ccache)
    if(FILESTORE_CCACHE)
        # A clone in another folder finds what was compiled in this one. The sloppiness is what ccache asks for before it takes precompiled headers.
        set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
            ${FILESTORE_CCACHE})
        foreach(language C CXX)
            if(NOT DEFINED CMAKE_${language}_COMPILER_LAUNCHER)
                set(CMAKE_${language}_COMPILER_LAUNCHER ${launcher})
            endif()
        endforeach()
    endif()
endif()
