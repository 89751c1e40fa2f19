#pragma once

/// A form with a part of an upload.

#include <memory>
#include <string>

#include "serve/body_pipes.h"
#include "serve/exchange.h"
#include "serve/routes.h"

namespace filestore::tool::serve::openai {

/// Keeps the part `data` while it arrives; it is there once the form has ended well.
class PartForm final : public FormTaker {
public:
    PartForm(const Context& context, std::shared_ptr<Exchange> exchange)
        : context_(context), exchange_(std::move(exchange)) {}
    ~PartForm() override;

    void begin_part(const FormPart& part) override;
    void take(std::string_view bytes) override;
    [[nodiscard]] std::size_t room() const override;
    void hand_over() override;
    void end() override;
    void fail(FormFault fault) override;

private:
    void begin_data();
    void refuse(Response response);
    void drop();

    const Context& context_;
    const std::shared_ptr<Exchange> exchange_;
    bool is_in_data_ = false;
    std::shared_ptr<UploadPipe> pipe_;
    std::uint64_t size_ = 0;
};

}  // namespace filestore::tool::serve::openai
