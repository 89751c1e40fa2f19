#pragma once

/// A form as URLs have it: `name=value&name=value` (application/x-www-form-urlencoded).

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "serve/exchange.h"

namespace filestore::tool::serve {

/// Hands the fields on as parts that are no files, as the original's framework read them: in UTF-8; an escape that is none is text, a byte beyond ASCII a character of Latin-1, and a field has 1 MiB at most.
/// A resource; on the thread of the connections only.
class UrlFormReader final : public BodyTaker {
public:
    explicit UrlFormReader(std::unique_ptr<FormTaker> taker) : taker_(std::move(taker)) {}

    void take(std::string_view bytes) override;
    [[nodiscard]] std::size_t room() const override;
    void end() override;

private:
    void add(std::string_view text);
    void end_field();
    void fail(FormFault fault);

    /// Null once the form has failed, or ended.
    std::unique_ptr<FormTaker> taker_;
    std::string field_;
    std::size_t count_ = 0;
};

}  // namespace filestore::tool::serve
