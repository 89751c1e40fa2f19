#pragma once

/// What of a form libmicrohttpd's parser reads, and what goes past it.

#include <cstddef>
#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// Divides a form (RFC 2046, 5.1.1; RFC 7578) into the heads of its parts, for the parser, and their contents, each byte of which the parser would copy and search. The parser is shown each part as an empty one: its head and the
/// delimiter behind it. A value; told the bytes of a form in their order.
class FormCutter {
public:
    /// A resource.
    class Taker {
    public:
        Taker() = default;
        Taker(const Taker&) = delete;
        Taker& operator=(const Taker&) = delete;
        virtual ~Taker() = default;

        /// The first delimiter, or the mark of the end, for the parser. False where it cannot read that.
        [[nodiscard]] virtual bool take_structure(std::string_view text) = 0;
        /// The lines of a part's head, each with its end, and what the parser is to find behind it. False where that cannot be read.
        [[nodiscard]] virtual bool begin_part(std::string_view lines, std::string_view delimiter) = 0;
        /// Of the part that was begun last.
        virtual void take_content(std::string_view bytes) = 0;
    };

    explicit FormCutter(std::string_view boundary) : delimiter_("\r\n--" + std::string(boundary)) {}

    /// False where the form is broken.
    [[nodiscard]] bool take(std::string_view bytes, Taker& taker);

private:
    enum class Place { before, line_end, head, content, behind };

    [[nodiscard]] bool take_beginning(std::string_view& bytes, Taker& taker);
    [[nodiscard]] bool take_head(std::string_view& bytes, Taker& taker);
    [[nodiscard]] bool take_line_end(std::string_view& bytes, Taker& taker);
    [[nodiscard]] bool may_follow_delimiter(char next) const noexcept;
    void take_content(std::string_view& bytes, Taker& taker);
    [[nodiscard]] bool continues_delimiter(std::string_view& bytes, Taker& taker);

    const std::string delimiter_;
    Place place_ = Place::before;
    /// Of the delimiter, at the end of what has come.
    std::size_t matched_ = 0;
    bool has_parts_ = false;
    /// What has come of it, from the end of the delimiter before it.
    std::string head_;
};

}  // namespace filestore::tool::serve
