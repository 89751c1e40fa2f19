#pragma once

/// Where a form of several parts ends.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// What stands behind the last boundary of a form is nobody's (RFC 2046, 5.1.1), and libmicrohttpd takes it for damage. A value; told the bytes of a form in their order.
class FormEnd {
public:
    /// Empty: there is no boundary, and all bytes belong to the form.
    explicit FormEnd(std::string_view boundary)
        : mark_(boundary.empty() ? std::string() : "\r\n--" + std::string(boundary) + "--") {}

    /// How many of the next bytes belong to the form.
    [[nodiscard]] std::size_t belonging(std::string_view bytes) {
        if (mark_.empty() || bytes.empty()) {
            return bytes.size();
        }
        const std::size_t found = is_over_ ? 0 : end_in(bytes);
        is_over_ = found != std::string_view::npos;
        keep_last(bytes);
        return is_over_ ? found : bytes.size();
    }

private:
    [[nodiscard]] std::size_t end_in(std::string_view bytes) const {
        const std::string seam = before_ + std::string(bytes.substr(0, mark_.size() - 1));
        if (const std::size_t at = seam.find(mark_); at != std::string::npos) {
            return at + mark_.size() - before_.size();
        }
        const std::size_t at = bytes.find(mark_);
        return at == std::string_view::npos ? at : at + mark_.size();
    }

    void keep_last(std::string_view bytes) {
        before_ += bytes.substr(bytes.size() - std::min(bytes.size(), mark_.size()));
        before_.erase(0, before_.size() - std::min(before_.size(), mark_.size() - 1));
    }

    const std::string mark_;
    /// The form may begin with its end.
    std::string before_ = "\r\n";
    bool is_over_ = false;
};

}  // namespace filestore::tool::serve
