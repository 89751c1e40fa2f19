#include "serve/openai/json_body.h"

#include <utility>

#include "core/ascii.h"
#include "serve/answers.h"
#include "serve/header_value.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::size_t longest_body = std::size_t{1024} * 1024;

bool is_json(const Request& request) {
    const std::string* const type = request.header("Content-Type");
    if (type == nullptr) {
        return false;
    }
    const std::string_view text = *type;
    return equal_ignoring_case(trimmed(text.substr(0, text.find(';'))), "application/json");
}

class JsonBody final : public BodyTaker {
public:
    JsonBody(std::shared_ptr<Exchange> exchange, std::function<void(std::string)> done)
        : exchange_(std::move(exchange)), done_(std::move(done)) {}

    void take(std::string_view bytes) override {
        if (text_.size() + bytes.size() > longest_body) {
            exchange_->respond(
                openai_response(413, "the body is longer than " + std::to_string(longest_body) + " bytes"));
            text_.clear();
            return;
        }
        text_ += bytes;
    }
    void end() override {
        if (!exchange_->is_answered()) {
            done_(std::move(text_));
        }
    }

private:
    const std::shared_ptr<Exchange> exchange_;
    const std::function<void(std::string)> done_;
    std::string text_;
};

}  // namespace

void take_json(const std::shared_ptr<Exchange>& exchange, std::function<void(std::string)> done) {
    if (!is_json(exchange->request())) {
        return exchange->respond(openai_response(415, "send a body of type application/json"));
    }
    exchange->body_taker = std::make_unique<JsonBody>(exchange, std::move(done));
}

}  // namespace filestore::tool::serve::openai
