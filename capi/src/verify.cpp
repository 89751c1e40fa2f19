#include "answers.h"
#include "callbacks.h"
#include "service/verify_json.h"

namespace filestore::capi {
namespace {

std::function<Result<void>(const VerifyFinding&)> finding_hook(const filestore_verify_options& options) {
    if (options.finding == nullptr) {
        return {};
    }
    return [finding = options.finding, context = options.finding_context](const VerifyFinding& found) {
        const std::string id = found.id.str();
        const std::string damage(to_string(found.damage));
        return call_back(ErrorCode::sink_failed, "listener", [&] {
            return finding(context, id.c_str(), damage.c_str(), found.what.c_str(),
                           found.quarantined ? 1 : 0);
        });
    };
}

std::function<void(const VerifyProgress&)> progress_hook(const filestore_verify_options& options) {
    if (options.progress == nullptr) {
        return {};
    }
    return [progress = options.progress, context = options.progress_context](const VerifyProgress& state) {
        try {
            const std::uint64_t total = state.files_total != 0 ? state.files_total : FILESTORE_UNKNOWN_SIZE;
            progress(context, state.files_done, total, state.bytes_done);
        } catch (...) {
            // A run does not fail because nobody could be told of it.
        }
    };
}

/// `options` may be null.
VerifyRequest verify_request(const filestore_verify_options* options) {
    VerifyRequest request;
    if (options != nullptr) {
        request.repair = options->repair;
        request.resume = options->resume;
        request.parallel = options->parallel;
        request.on_finding = finding_hook(*options);
        request.progress = progress_hook(*options);
        request.call = call_options(options->call);
    }
    return request;
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_verify(filestore_service* service, const filestore_verify_options* options,
                         filestore_buffer** report, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const VerifyReport verified,
                             service->service.verify(capi::verify_request(options)));
        *report = capi::make_handle<filestore_buffer>(to_json(verified));
        return {};
    });
}

int32_t filestore_verify_async(filestore_service* service, const filestore_verify_options* options,
                               filestore_done_function done, void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(capi::verify_request(options)), &FileService::verify_async,
                                done, capi::json_to<VerifyReport>(done, context));
    });
}

int32_t filestore_backend_verify(filestore_backend* backend, const filestore_verify_options* options,
                                 filestore_buffer** report, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(const VerifyReport verified,
                             backend->backend->verify(capi::verify_request(options)));
        *report = capi::make_handle<filestore_buffer>(to_json(verified));
        return {};
    });
}

int32_t filestore_backend_verify_async(filestore_backend* backend, const filestore_verify_options* options,
                                       filestore_done_function done, void* context,
                                       filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, Result(capi::verify_request(options)), &StorageBackend::verify_async,
                                done, capi::json_to<VerifyReport>(done, context));
    });
}
