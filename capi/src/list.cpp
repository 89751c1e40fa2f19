#include "answers.h"
#include "requests.h"

namespace filestore::capi {
namespace {

/// Null past the last one.
const ListedFile* file_at(const filestore_list_page* page, std::size_t index) noexcept {
    return page != nullptr && index < page->files.size() ? &page->files[index] : nullptr;
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_list(filestore_service* service, const char* cursor, uint32_t limit,
                       const filestore_call_options* options, filestore_list_page** page,
                       filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(page, "page"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(ListPage listed,
                             service->service.list(capi::list_request(cursor, limit, options)));
        *page = capi::make_handle<filestore_list_page>(capi::page_of(std::move(listed)));
        return {};
    });
}

int32_t filestore_list_async(filestore_service* service, const char* cursor, uint32_t limit,
                             const filestore_call_options* options, filestore_done_function done,
                             void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(capi::list_request(cursor, limit, options)),
                                &FileService::list_async, done, capi::page_to(done, context));
    });
}

size_t filestore_list_page_count(const filestore_list_page* page) noexcept {
    return capi::guard_read(page, size_t{0},
                            [](const filestore_list_page& handle) noexcept { return handle.files.size(); });
}

const char* filestore_list_page_id(const filestore_list_page* page, size_t index) noexcept {
    return capi::guard_read(capi::file_at(page, index), "",
                            [](const capi::ListedFile& file) noexcept { return file.id.c_str(); });
}

uint64_t filestore_list_page_size(const filestore_list_page* page, size_t index) noexcept {
    return capi::guard_read(capi::file_at(page, index), uint64_t{0},
                            [](const capi::ListedFile& file) noexcept { return file.size; });
}

const char* filestore_list_page_last_modified(const filestore_list_page* page, size_t index) noexcept {
    return capi::guard_read(capi::file_at(page, index), "",
                            [](const capi::ListedFile& file) noexcept { return file.last_modified.c_str(); });
}

const char* filestore_list_page_next(const filestore_list_page* page) noexcept {
    return capi::guard_read(page, static_cast<const char*>(nullptr),
                            [](const filestore_list_page& handle) noexcept -> const char* {
                                return handle.next.has_value() ? handle.next->c_str() : nullptr;
                            });
}

void filestore_list_page_destroy(filestore_list_page* page) noexcept {
    capi::guard_destroy(page);
}
