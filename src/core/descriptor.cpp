#include "core/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace filestore {

namespace {

/// strerror_r comes in two forms: one answers the text, the other fills the buffer.
[[maybe_unused]] std::string_view error_text(const char* text, const char*) {
    return text;
}
[[maybe_unused]] std::string_view error_text(int outcome, const char* buffer) {
    return outcome == 0 ? buffer : "unknown error";
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    Descriptor taken(std::move(other));
    std::swap(number_, taken.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (!is_open()) {
        return;
    }
    // Callers read errno after their objects have gone.
    const int kept = errno;
    // Never tried again after EINTR: the number is free by then and may be another thread's.
    ::close(number_);
    errno = kept;
}

Descriptor open_at(int directory, const char* path, int flags, mode_t mode) noexcept {
    int opened = -1;
    do {
        opened = ::openat(directory, path, flags | O_CLOEXEC, mode);
    } while (opened < 0 && errno == EINTR);
    return Descriptor(opened);
}

ErrorCode code_of_errno(int number) noexcept {
    switch (number) {
        case ENOENT:
            return ErrorCode::not_found;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorCode::permission_denied;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return ErrorCode::no_space;
        case EEXIST:
            return ErrorCode::already_exists;
        case ENOTDIR:
        case EISDIR:
        case ENAMETOOLONG:
        case ELOOP:
            return ErrorCode::invalid_argument;
        case ENOMEM:
            return ErrorCode::no_memory;
        default:
            return ErrorCode::io;
    }
}

Error errno_error(int number, std::string_view what) {
    std::array<char, 256> buffer{};
    std::string message(what);
    message += ": ";
    message += error_text(::strerror_r(number, buffer.data(), buffer.size()), buffer.data());
    return {code_of_errno(number), std::move(message)};
}

Error open_file_error(int number, std::string_view what) {
    Error error = errno_error(number, what);
    return number == ENOENT ? Error(ErrorCode::io, std::string(error.message())) : error;
}

Error place_error(int number, std::string_view what, std::string_view advice) {
    Error error = errno_error(number, what);
    if (number != ENOENT) {
        return error;
    }
    return {ErrorCode::configuration, std::string(error.message()).append(": ").append(advice)};
}

}  // namespace filestore
