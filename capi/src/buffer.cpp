#include "guard.h"
#include "handles.h"

using namespace filestore;

const char* filestore_buffer_data(const filestore_buffer* buffer) noexcept {
    return capi::guard_read(buffer, "",
                            [](const filestore_buffer& handle) noexcept { return handle.bytes.c_str(); });
}

size_t filestore_buffer_size(const filestore_buffer* buffer) noexcept {
    return capi::guard_read(buffer, size_t{0},
                            [](const filestore_buffer& handle) noexcept { return handle.bytes.size(); });
}

void filestore_buffer_destroy(filestore_buffer* buffer) noexcept {
    capi::guard_destroy(buffer);
}
