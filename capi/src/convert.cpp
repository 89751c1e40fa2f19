/// The layout of a local store.

#include "arguments.h"
#include "filestore/local_backend.h"

namespace filestore::capi {
namespace {

std::function<void(const ConvertProgress&)> progress_hook(filestore_files_function progress, void* context) {
    if (progress == nullptr) {
        return {};
    }
    return [progress, context](const ConvertProgress& state) {
        try {
            progress(context, state.files_done, state.files_total);
        } catch (...) {
            // A store is not left half converted because nobody could be told of it.
        }
    };
}

/// `options` may be null.
Result<LocalOptions> store_of(const filestore_options* options) {
    const ServiceOptions service = options != nullptr ? options->options : ServiceOptions();
    return service.backend == "local"
               ? Result<LocalOptions>(service.local)
               : Error(ErrorCode::invalid_argument,
                       "only a local store has a layout, and this is " + service.backend);
}

Result<LocalLayout> layout_named(const char* layout) {
    FILESTORE_TRY(require(layout, "layout"));
    ServiceOptions named;
    FILESTORE_TRY(named.set("layout", layout));
    return *named.local.layout;
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_convert_store(const filestore_options* options, const char* layout,
                                filestore_files_function progress, void* context,
                                const filestore_call_options* call, uint64_t* files,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(files, std::uint64_t{0});
        FILESTORE_TRY_ASSIGN(const LocalOptions store, capi::store_of(options));
        ConvertRequest request;
        FILESTORE_TRY_ASSIGN(request.layout, capi::layout_named(layout));
        request.progress = capi::progress_hook(progress, context);
        request.call = capi::call_of(call);
        FILESTORE_TRY_ASSIGN(const ConvertReport report, convert_local_store(store, request));
        capi::give(files, report.files);
        return {};
    });
}
