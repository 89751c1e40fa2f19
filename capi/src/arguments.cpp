#include "arguments.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace filestore::capi {
namespace {

/// About 30 years: more would overflow the clock, and is no limit in practice.
constexpr std::uint64_t longest_timeout_ms = 1'000'000'000'000;
/// 100 years.
constexpr std::uint64_t most_seconds = std::uint64_t{36'525} * 24 * 3600;

std::function<void(const Progress&)> progress_hook(const CallSettings& settings) {
    if (settings.progress == nullptr) {
        return {};
    }
    return [progress = settings.progress, context = settings.progress_context](const Progress& state) {
        try {
            progress(context, state.bytes_done, state.bytes_total.value_or(FILESTORE_UNKNOWN_SIZE));
        } catch (...) {
            // A transfer does not fail because nobody could be told of it.
        }
    };
}

}  // namespace

Result<void> require_given(bool is_given, std::string_view name) {
    if (!is_given) {
        return Error(ErrorCode::invalid_argument, std::string(name) + " is NULL");
    }
    return {};
}

Result<void> clear_id(char* id) {
    FILESTORE_TRY(require(id, "id"));
    std::memset(id, 0, FILESTORE_ID_SIZE);
    return {};
}

void copy_id(const FileId& id, char* to) noexcept {
    std::memcpy(to, id.text().data(), FileId::text_size);
    to[FileId::text_size] = '\0';
}

Result<FileId> parse_id(const char* id) {
    FILESTORE_TRY(require(id, "id"));
    return FileId::parse(id);
}

Result<std::string_view> require_text(const char* text, std::string_view name) {
    FILESTORE_TRY(require(text, name));
    if (!is_utf8(text)) {
        return Error(ErrorCode::invalid_argument, std::string(name) + " is not UTF-8: " + quoted(text));
    }
    return std::string_view(text);
}

Result<std::string> optional_text(const char* text, std::string_view name) {
    if (text == nullptr) {
        return std::string();
    }
    FILESTORE_TRY_ASSIGN(const std::string_view checked, require_text(text, name));
    return std::string(checked);
}

CallOptions call_options(const CallSettings& settings) {
    CallOptions call;
    if (settings.timeout_ms != 0) {
        const std::uint64_t limit = std::min(settings.timeout_ms, longest_timeout_ms);
        call.deadline = deadline_in(std::chrono::milliseconds(limit));
    }
    call.cancel = settings.cancel;
    call.pause = settings.pause;
    call.progress = progress_hook(settings);
    return call;
}

CallOptions call_of(const filestore_call_options* options) {
    return options != nullptr ? call_options(options->call) : CallOptions();
}

Result<std::chrono::seconds> seconds_of(std::uint64_t seconds, std::string_view what) {
    if (seconds > most_seconds) {
        return Error(ErrorCode::invalid_argument, std::string(what) + " for 0 to " +
                                                      std::to_string(most_seconds) + " seconds, not " +
                                                      std::to_string(seconds));
    }
    return std::chrono::seconds(seconds);
}

Result<FileRequest> file_request(const char* id, const filestore_call_options* options) {
    FILESTORE_TRY_ASSIGN(const FileId parsed, parse_id(id));
    return FileRequest{parsed, call_of(options)};
}

}  // namespace filestore::capi
