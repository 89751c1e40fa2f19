#include "arguments.h"
#include "callbacks.h"
#include "export/copies_json.h"

namespace filestore::capi {
namespace {

constexpr std::size_t longest_key = std::size_t{16} * 1024;
constexpr std::uint64_t longest_pause_ms = 3'600'000;

Result<SecretString> ask_for_key(filestore_key_function key, void* context, const ExportTarget& target) {
    SecretString room(std::string(longest_key, '\0'));
    std::size_t length = 0;
    FILESTORE_TRY(call_back(ErrorCode::unauthenticated, "key function", [&] {
        return key(context, target.profile.c_str(), target.base_url.c_str(), target.key_variable.c_str(),
                   room.data(), room.size(), &length);
    }));
    if (length == 0 || length > room.size()) {
        return Error(ErrorCode::unauthenticated, "the caller's key function gave a key of " +
                                                     std::to_string(length) + " bytes: give 1 to " +
                                                     std::to_string(longest_key));
    }
    return SecretString(std::string_view(room).substr(0, length));
}

/// C++ exceptions of the program, if any, end here.
std::function<void(const Result<SettleReport>&)> settled_hook(filestore_settled_function settled,
                                                              void* context) {
    if (settled == nullptr) {
        return {};
    }
    return [settled, context](const Result<SettleReport>& report) {
        const std::string told = report.ok() ? to_json(*report) : std::string(report.error().message());
        const auto code = report.ok() ? FILESTORE_OK : static_cast<std::int32_t>(report.error().code());
        try {
            settled(context, report.ok() ? told.c_str() : nullptr, code, report.ok() ? "" : told.c_str());
        } catch (...) {
        }
    };
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_exporter_options_create(filestore_exporter_options** options,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_exporter_options_set_key(filestore_exporter_options* options, filestore_key_function key,
                                           void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.key = nullptr;
        if (key != nullptr) {
            options->options.key = [key, context](const ExportTarget& target) {
                return capi::ask_for_key(key, context, target);
            };
        }
        return {};
    });
}

int32_t filestore_exporter_options_set_ca_file(filestore_exporter_options* options, const char* ca_file,
                                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.ca_file = ca_file != nullptr ? ca_file : "";
        return {};
    });
}

int32_t filestore_exporter_options_set_plain_http(filestore_exporter_options* options, int32_t plain_http,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.allow_plain_http = plain_http != 0;
        return {};
    });
}

int32_t filestore_exporter_options_set_parts(filestore_exporter_options* options, uint64_t threshold,
                                             uint64_t part_size, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.part_threshold = threshold;
        options->options.part_size = part_size;
        return {};
    });
}

int32_t filestore_exporter_options_set_retry(filestore_exporter_options* options, uint32_t max_attempts,
                                             uint64_t first_delay_ms, uint64_t longest_delay_ms,
                                             filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        if (first_delay_ms > capi::longest_pause_ms || longest_delay_ms > capi::longest_pause_ms) {
            return Error(ErrorCode::invalid_argument, "pauses between attempts are 0 to " +
                                                          std::to_string(capi::longest_pause_ms) +
                                                          " milliseconds");
        }
        options->options.retry = {max_attempts, std::chrono::milliseconds(first_delay_ms),
                                  std::chrono::milliseconds(longest_delay_ms)};
        return {};
    });
}

int32_t filestore_exporter_options_set_settle_interval(filestore_exporter_options* options, uint32_t seconds,
                                                       filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.settle_interval = std::chrono::seconds(seconds);
        return {};
    });
}

int32_t filestore_exporter_options_set_settled(filestore_exporter_options* options,
                                               filestore_settled_function settled, void* context,
                                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.on_settled = capi::settled_hook(settled, context);
        return {};
    });
}

void filestore_exporter_options_destroy(filestore_exporter_options* options) noexcept {
    capi::guard_destroy(options);
}
