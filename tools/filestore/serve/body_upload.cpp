#include "serve/body_upload.h"

#include <utility>

namespace filestore::tool::serve {

namespace {

class BodyUpload final : public BodyTaker {
public:
    BodyUpload(std::shared_ptr<UploadPipe> pipe, IfCut if_cut) : pipe_(std::move(pipe)), if_cut_(if_cut) {}
    ~BodyUpload() override {
        const Error cancelled(ErrorCode::cancelled);
        if_cut_ == IfCut::keep ? pipe_->cut(cancelled) : pipe_->fail(cancelled);
    }

    void take(std::string_view bytes) override { pipe_->add(bytes); }
    [[nodiscard]] std::size_t room() const override { return pipe_->room(); }
    void hand_over() override { pipe_->hand_over(); }
    void end() override { pipe_->end(); }

private:
    const std::shared_ptr<UploadPipe> pipe_;
    const IfCut if_cut_;
};

}  // namespace

std::shared_ptr<UploadPipe> take_body(const Context& context, const std::shared_ptr<Exchange>& exchange,
                                      IfCut if_cut) {
    const Request& request = exchange->request();
    const auto size = request.has_body ? request.content_length : std::optional<std::uint64_t>(0);
    auto pipe = std::make_shared<UploadPipe>(size, context.body_memory, exchange->wake_connection());
    exchange->body_taker = std::make_unique<BodyUpload>(pipe, if_cut);
    return pipe;
}

}  // namespace filestore::tool::serve
