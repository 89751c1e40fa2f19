#include "core/stream_calls.h"

#include <exception>
#include <new>
#include <string>

namespace filestore {

namespace {

Error error_of_exception(ErrorCode code) {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    } catch (const std::exception& exception) {
        return Error(code, std::string("a caller's function threw: ") + exception.what());
    } catch (...) {
        return Error(code, "a caller's function threw");
    }
}

}  // namespace

Error thrown_error(ErrorCode code) noexcept {
    try {
        return error_of_exception(code);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

Error source_size_error(std::uint64_t declared, std::uint64_t delivered) {
    if (delivered < declared) {
        return {ErrorCode::source_failed, "the source ended after " + std::to_string(delivered) + " of the " +
                                              std::to_string(declared) + " bytes that it declared"};
    }
    return {ErrorCode::source_failed,
            "the source gave more than the " + std::to_string(declared) + " bytes that it declared"};
}

}  // namespace filestore
