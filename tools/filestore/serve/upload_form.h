#pragma once

/// An upload by a form, as the original system takes it.

#include <memory>
#include <optional>
#include <string>

#include "serve/body_pipes.h"
#include "serve/exchange.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

/// Where a form is so long that its file must be larger than may be stored: what it is answered before it is read.
[[nodiscard]] std::optional<Response> refusal_of_form(const Context& context, const Request& head);

/// Hands the part `file` to the store while it arrives. Where there are several, the last one counts, as it did: what was begun of one before is undone. Nothing is stored before the form has
/// ended well.
class UploadForm final : public FormTaker {
public:
    UploadForm(const Context& context, std::shared_ptr<Exchange> exchange)
        : context_(context), exchange_(std::move(exchange)) {}
    ~UploadForm() override;

    void begin_part(const FormPart& part) override;
    void take(std::string_view bytes) override;
    [[nodiscard]] std::size_t room() const override;
    void hand_over() override;
    void end() override;
    void fail(FormFault fault) override;

private:
    enum class Part { other, file, text };

    void begin_upload(const FormPart& part);
    void drop_upload();

    const Context& context_;
    std::shared_ptr<Exchange> exchange_;
    Part part_ = Part::other;
    /// What the part `file` is that was last: an upload, or text.
    std::shared_ptr<UploadPipe> upload_;
    std::optional<std::string> text_;
};

}  // namespace filestore::tool::serve
