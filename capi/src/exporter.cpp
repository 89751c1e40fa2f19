/// Copies of stored files at AI providers.

#include "answers.h"
#include "export/copies_json.h"

namespace filestore::capi {
namespace {

Result<void> open_exporter(filestore_service& service, const filestore_exporter_options* options,
                           filestore_exporter** exporter) {
    ExporterOptions opened = options != nullptr ? options->options : ExporterOptions();
    opened.backend = service.service.backend();
    opened.catalogue_path = service.service.catalogue_path();
    FILESTORE_TRY_ASSIGN(FileExporter made, FileExporter::open(std::move(opened)));
    *exporter = make_handle<filestore_exporter>(std::move(made));
    return {};
}

Result<ExportRequest> export_request(const char* id, const char* profile,
                                     const filestore_send_options* options) {
    ExportRequest request;
    FILESTORE_TRY_ASSIGN(request.id, parse_id(id));
    FILESTORE_TRY_ASSIGN(request.target.profile, require_text(profile, "profile"));
    if (options != nullptr) {
        request.target.base_url = options->base_url;
        request.target.key_variable = options->key_variable;
        request.purpose = options->purpose;
        request.expires_in = options->expires_in;
        request.again = options->again;
        request.call = call_options(options->call);
    }
    return request;
}

Result<CopiesRequest> copies_request(const char* id, std::int64_t after, std::uint32_t limit,
                                     const filestore_call_options* options) {
    CopiesRequest request;
    if (id != nullptr) {
        FILESTORE_TRY_ASSIGN(request.id, parse_id(id));
    }
    request.after = after;
    request.limit = limit;
    request.call = call_of(options);
    return request;
}

Result<UnsendRequest> unsend_request(const char* id, const char* profile, const char* base_url,
                                     const filestore_call_options* options) {
    UnsendRequest request;
    request.forget_damaged = options != nullptr && options->forget_damaged;
    if (id != nullptr || !request.forget_damaged) {
        FILESTORE_TRY_ASSIGN(request.id, parse_id(id));
    }
    if (profile != nullptr) {
        FILESTORE_TRY_ASSIGN(request.target.profile, require_text(profile, "profile"));
    }
    if (base_url != nullptr) {
        FILESTORE_TRY_ASSIGN(request.target.base_url, require_text(base_url, "base_url"));
    }
    request.call = call_of(options);
    return request;
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_exporter_open(filestore_service* service, const filestore_exporter_options* options,
                                filestore_exporter** exporter, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(exporter, "exporter"));
        FILESTORE_TRY(capi::require(service, "service"));
        return capi::open_exporter(*service, options, exporter);
    });
}

int32_t filestore_exporter_start(filestore_exporter* exporter, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(exporter, "exporter"));
        return exporter->exporter.start();
    });
}

void filestore_exporter_close(filestore_exporter* exporter) noexcept {
    capi::guard_destroy(exporter);
}

int32_t filestore_send(filestore_exporter* exporter, const char* id, const char* profile,
                       const filestore_send_options* options, filestore_buffer** copy,
                       filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(copy, "copy"));
        FILESTORE_TRY(capi::require(exporter, "exporter"));
        FILESTORE_TRY_ASSIGN(ExportRequest request, capi::export_request(id, profile, options));
        FILESTORE_TRY_ASSIGN(const ExportReceipt receipt, exporter->exporter.send(std::move(request)));
        *copy = capi::make_handle<filestore_buffer>(to_json(receipt));
        return {};
    });
}

int32_t filestore_copies(filestore_exporter* exporter, const char* id, int64_t after, uint32_t limit,
                         const filestore_call_options* options, filestore_buffer** copies,
                         filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(copies, "copies"));
        FILESTORE_TRY(capi::require(exporter, "exporter"));
        FILESTORE_TRY_ASSIGN(CopiesRequest request, capi::copies_request(id, after, limit, options));
        FILESTORE_TRY_ASSIGN(const auto known, exporter->exporter.copies(std::move(request)));
        *copies = capi::make_handle<filestore_buffer>(to_json(known));
        return {};
    });
}

int32_t filestore_unsend(filestore_exporter* exporter, const char* id, const char* profile,
                         const char* base_url, const filestore_call_options* options,
                         filestore_buffer** report, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        FILESTORE_TRY(capi::require(exporter, "exporter"));
        FILESTORE_TRY_ASSIGN(UnsendRequest request, capi::unsend_request(id, profile, base_url, options));
        FILESTORE_TRY_ASSIGN(const SettleReport settled, exporter->exporter.unsend(std::move(request)));
        *report = capi::make_handle<filestore_buffer>(to_json(settled));
        return {};
    });
}

int32_t filestore_settle(filestore_exporter* exporter, const filestore_call_options* options,
                         filestore_buffer** report, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        FILESTORE_TRY(capi::require(exporter, "exporter"));
        FILESTORE_TRY_ASSIGN(const SettleReport settled, exporter->exporter.settle(capi::call_of(options)));
        *report = capi::make_handle<filestore_buffer>(to_json(settled));
        return {};
    });
}

int32_t filestore_send_async(filestore_exporter* exporter, const char* id, const char* profile,
                             const filestore_send_options* options, filestore_done_function done,
                             void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(exporter, capi::export_request(id, profile, options),
                                &FileExporter::send_async, done, capi::json_to<ExportReceipt>(done, context));
    });
}

int32_t filestore_copies_async(filestore_exporter* exporter, const char* id, int64_t after, uint32_t limit,
                               const filestore_call_options* options, filestore_done_function done,
                               void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(exporter, capi::copies_request(id, after, limit, options),
                                &FileExporter::copies_async, done,
                                capi::json_to<std::vector<ProviderCopy>>(done, context));
    });
}

int32_t filestore_unsend_async(filestore_exporter* exporter, const char* id, const char* profile,
                               const char* base_url, const filestore_call_options* options,
                               filestore_done_function done, void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(exporter, capi::unsend_request(id, profile, base_url, options),
                                &FileExporter::unsend_async, done,
                                capi::json_to<SettleReport>(done, context));
    });
}

int32_t filestore_settle_async(filestore_exporter* exporter, const filestore_call_options* options,
                               filestore_done_function done, void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        const auto settle = [](FileExporter& all, const CallOptions& call, Completion<SettleReport> told) {
            all.settle_async(call, std::move(told));
        };
        return capi::begin_call(exporter, Result(capi::call_of(options)), settle, done,
                                capi::json_to<SettleReport>(done, context));
    });
}
