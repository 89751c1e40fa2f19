/// Opening and closing a service.

#include <functional>

#include "arguments.h"
#include "filestore/validation.h"

namespace filestore::capi {
namespace {

Result<void> open_service(ServiceOptions options, filestore_service** service) {
    FILESTORE_TRY_ASSIGN(FileService opened, FileService::open(std::move(options)));
    *service = make_handle<filestore_service>(std::move(opened));
    return {};
}

/// C++ exceptions of the program, if any, end here: the file is stored all the same.
std::function<void(const ValidationWarning&)> warning_hook(filestore_warning_function warning,
                                                           void* context) {
    if (warning == nullptr) {
        return {};
    }
    return [warning, context](const ValidationWarning& told) {
        try {
            warning(context, told.path.c_str(), told.declared_type.c_str(), told.found_type.c_str(),
                    told.message.c_str());
        } catch (...) {
        }
    };
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_options_create(filestore_options** options, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_options_set(filestore_options* options, const char* name, const char* value,
                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY(capi::require(name, "name"));
        FILESTORE_TRY(capi::require(value, "value"));
        return options->options.set(name, value);
    });
}

int32_t filestore_options_load(filestore_options* options, const char* path, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY(capi::require(path, "path"));
        FILESTORE_TRY_ASSIGN(options->options, load_config_file(path));
        return {};
    });
}

int32_t filestore_options_parse(filestore_options* options, const char* yaml, const char* origin,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY(capi::require(yaml, "yaml"));
        FILESTORE_TRY(capi::require(origin, "origin"));
        FILESTORE_TRY_ASSIGN(options->options, parse_config(yaml, origin));
        return {};
    });
}

int32_t filestore_options_set_warning(filestore_options* options, filestore_warning_function warning,
                                      void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.validation.on_warning = capi::warning_hook(warning, context);
        return {};
    });
}

void filestore_options_destroy(filestore_options* options) noexcept {
    capi::guard_destroy(options);
}

int32_t filestore_open(const filestore_options* options, filestore_service** service,
                       filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(service, "service"));
        return capi::open_service(options != nullptr ? options->options : ServiceOptions{}, service);
    });
}

int32_t filestore_open_config(const char* path, filestore_service** service, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(service, "service"));
        FILESTORE_TRY(capi::require(path, "path"));
        FILESTORE_TRY_ASSIGN(ServiceOptions options, load_config_file(path));
        return capi::open_service(std::move(options), service);
    });
}

const char* filestore_catalogue_path(const filestore_service* service) noexcept {
    return capi::guard_read(service, "", [](const filestore_service& handle) noexcept {
        return handle.service.catalogue_path().c_str();
    });
}

void filestore_close(filestore_service* service) noexcept {
    capi::guard_destroy(service);
}
