#pragma once

/// What the sink answers to each request of S3: pure, but for what it keeps of the few objects whose names do not tell their size.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sink {

/// A request without its body.
struct Request {
    std::string_view method;
    /// Without the query.
    std::string_view path;
    std::string_view query;
    /// The lines of the head, without the first.
    std::string_view headers;

    /// Of a head that ends with its empty line.
    static Request parse(std::string_view head);
    /// Empty where there is none; the name in lower case.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    /// Of the query, as it stands there.
    [[nodiscard]] std::string_view parameter(std::string_view name) const;
    [[nodiscard]] bool has_parameter(std::string_view name) const;
};

struct Answer {
    /// Status line, headers, and a body that is not made of the content.
    std::string text;
    /// The range of the content that follows.
    std::uint64_t content_from = 0;
    std::uint64_t content_size = 0;
};

/// An object named `oSIZE-...` is there and has that many bytes, whatever was stored; one of another name once it has been stored. A listing below `nCOUNT/` has
/// that many entries.
class Answers {
public:
    Answer to(const Request& request, std::string_view body);

    /// Requests since the last call, by kind, as a document of JSON with what else is given.
    std::string take_counts(const std::map<std::string, std::uint64_t>& others);

private:
    struct Stored {
        std::uint64_t size = 0;
        /// Its `x-amz-meta-` lines.
        std::string metadata;
    };

    Answer to_put(const Request& request);
    Answer to_post(const Request& request, std::string_view body);
    Answer to_read(const Request& request);
    Answer to_list(const Request& request);
    Answer to_delete(const Request& request);
    void count(std::string_view kind);

    std::unordered_map<std::string, Stored> stored_;
    std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace sink
