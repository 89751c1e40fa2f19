#pragma once

/// multipart/form-data (RFC 7578) around a file that is streamed: what comes before its bytes, and what behind them. Pure.

#include <span>
#include <string>
#include <string_view>

namespace filestore::provider {

/// A value.
struct FormField {
    std::string_view name;
    std::string_view value;
};

/// The part that holds the file. A value.
struct FormFile {
    std::string_view field;
    std::string_view name;
    std::string_view content_type;
};

/// A value.
struct FormEnvelope {
    /// The value of the header Content-Type.
    std::string content_type;
    std::string head;
    std::string tail;
};

/// `boundary` is of characters that need no quotes, and in no byte of the form: random ones are not, by any chance worth thinking of. Values and the content type have no line breaks; a name may be anything.
[[nodiscard]] FormEnvelope form_around(std::string_view boundary, std::span<const FormField> fields,
                                       const FormFile& file);

}  // namespace filestore::provider
