#include "core/library_thread.h"

namespace filestore {

namespace {
thread_local int scope_depth = 0;
}

LibraryThreadScope::LibraryThreadScope() noexcept {
    ++scope_depth;
}
LibraryThreadScope::~LibraryThreadScope() {
    --scope_depth;
}

bool on_library_thread() noexcept {
    return scope_depth > 0;
}

}  // namespace filestore
