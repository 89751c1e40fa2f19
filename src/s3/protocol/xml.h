#pragma once

/// Reads the XML of S3 error answers (S3 API reference, "Error Responses"), and tells early what is no document. Pure functions. A document with a
/// DOCTYPE is refused.

#include <optional>
#include <string>
#include <string_view>

namespace filestore::s3 {

/// The body of an error answer. A value; fields are empty where the body lacks them.
struct ErrorBody {
    std::string code;
    std::string message;
    std::string request_id;
    std::string region;
    /// Host; with a PermanentRedirect.
    std::string endpoint;
};

/// Nothing where the body is no S3 error document.
[[nodiscard]] std::optional<ErrorBody> parse_error(std::string_view xml);

/// Whether an answer that begins like this may still become a document that is taken (see xml_reader.h): false for a DOCTYPE, for nesting that is too deep and
/// for too many elements, so that nobody has to wait for their end.
[[nodiscard]] bool may_begin_document(std::string_view beginning);

}  // namespace filestore::s3
