#pragma once

/// Bodies of answers: those of the original system, problems as RFC 9457 has them, and errors as the API of OpenAI has them. Pure functions.

#include <string>
#include <string_view>

#include "filestore/error.h"
#include "serve/message.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

[[nodiscard]] Response json_response(unsigned status, std::string body);

/// `{"detail": ...}`.
[[nodiscard]] Response detail_response(unsigned status, std::string_view detail);

/// One thing that is wrong with a request, as the original's framework tells it. A value.
struct InvalidInput {
    std::string_view type;
    /// "body" or "query".
    std::string_view place;
    std::string_view name;
    std::string message;
    /// JSON.
    std::string input = "null";
    /// JSON of an object; left out where it is empty.
    std::string context{};
};
/// Its 422.
[[nodiscard]] Response invalid_input_response(const InvalidInput& invalid);

/// The media type is `application/problem+json`; the title is that of the status.
[[nodiscard]] Response problem_response(unsigned status, std::string_view detail);

/// `{"error": {...}}`: the type and, where none is given, the code are those of the status. `param` is what of the request is wrong, where one thing is.
[[nodiscard]] Response openai_response(unsigned status, std::string_view message, std::string_view param = {},
                                       std::string_view code = {});
[[nodiscard]] Response openai_error_of(const Error& error, std::string_view param = {});

/// An error that is not of a route's own, in its style.
[[nodiscard]] Response error_response(ErrorStyle style, unsigned status, std::string_view detail);

/// The status that says best what failed.
[[nodiscard]] unsigned status_of(const Error& error) noexcept;
/// The rule of validation.h that an upload was refused by; empty for any other failure.
[[nodiscard]] std::string broken_rule_of(const Error& error);
/// What a client can act on, or should not be told.
[[nodiscard]] Response problem_of(const Error& error);

/// A JSON string.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace filestore::tool::serve
