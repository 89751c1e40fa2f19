#include "filestore/salvage.h"

#include "arguments.h"
#include "callbacks.h"
#include "service/audit_json.h"

using namespace filestore;

int32_t filestore_salvage_catalogue(const filestore_options* options,
                                    filestore_unreadable_function unreadable, void* context,
                                    filestore_buffer** report, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        SalvageRequest request;
        if (unreadable != nullptr) {
            request.on_unreadable = [&](const UnreadableRow& row) {
                return capi::call_back(ErrorCode::sink_failed, "listener", [&] {
                    return unreadable(context, row.table.c_str(), row.file_id.c_str());
                });
            };
        }
        FILESTORE_TRY_ASSIGN(
            const SalvageReport salvaged,
            salvage_catalogue(options != nullptr ? options->options : ServiceOptions{}, request));
        *report = capi::make_handle<filestore_buffer>(to_json(salvaged));
        return {};
    });
}
