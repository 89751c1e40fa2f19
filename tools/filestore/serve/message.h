#pragma once

/// What a client asks and what it is answered, without a word of the HTTP library. All types here are values, but for what closes its descriptor.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ascii.h"
#include "core/descriptor.h"

namespace filestore::tool::serve {

struct Header {
    std::string name;
    std::string value;
};

/// The head of a request.
struct Request {
    std::string method;
    /// Percent-decoded, so that it may hold any byte, and never the query.
    std::string path;
    /// Percent-decoded, in the order of the URL.
    std::vector<std::pair<std::string, std::string>> query;
    std::vector<Header> headers;
    /// The address that it comes from.
    std::string client;
    bool has_body = false;
    /// Unknown where there is no body, or one in chunks.
    std::optional<std::uint64_t> content_length;
    /// What stands in the path where the pattern of its route has `{file_id}`.
    std::string file_id;

    /// The first header of that name; null where there is none.
    [[nodiscard]] const std::string* header(std::string_view name) const {
        for (const Header& header : headers) {
            if (equal_ignoring_case(header.name, name)) {
                return &header.value;
            }
        }
        return nullptr;
    }

    /// The lines of a header that is a list, as one (RFC 9110, 5.3); nothing where there is none.
    [[nodiscard]] std::optional<std::string> list(std::string_view name) const {
        std::optional<std::string> joined;
        for (const Header& header : headers) {
            if (equal_ignoring_case(header.name, name)) {
                joined = joined ? *joined + ", " + header.value : header.value;
            }
        }
        return joined;
    }

    /// Of a parameter that is given twice the last one counts.
    [[nodiscard]] const std::string* parameter(std::string_view name) const {
        const std::string* found = nullptr;
        for (const auto& [key, value] : query) {
            found = key == name ? &value : found;
        }
        return found;
    }
};

/// The bytes of an answer, as the connection asks for them. A resource; thread-safe.
class BodyReader {
public:
    enum class State { more, nothing_yet, ended, failed };
    struct Step {
        std::size_t bytes = 0;
        State state = State::more;
    };

    BodyReader() = default;
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;
    virtual ~BodyReader() = default;

    /// Does not wait: the connection is woken where there is nothing yet.
    [[nodiscard]] virtual Step read(std::span<char> into) = 0;
    /// Whether read() has something to say.
    [[nodiscard]] virtual bool is_ready() const = 0;
};

/// A body that the kernel takes from an open file.
struct FileBody {
    Descriptor descriptor;
    std::uint64_t offset = 0;
};

struct Response {
    unsigned status = 200;
    std::vector<Header> headers;
    std::string body;
    /// In place of `body`, where it is not null; `size` is known. To be taken by who sends it.
    std::shared_ptr<FileBody> file{};
    /// In place of `body`, where it is not null. It is not read for a HEAD.
    std::shared_ptr<BodyReader> reader;
    /// Of what the reader gives; nothing where that is not known.
    std::optional<std::uint64_t> size;
    /// The rule of validation.h that an upload was refused by; else empty.
    std::string broken_rule{};
};

}  // namespace filestore::tool::serve
