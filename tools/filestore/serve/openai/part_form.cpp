#include "serve/openai/part_form.h"

#include <utility>

#include "serve/answers.h"
#include "serve/openai/form_faults.h"
#include "serve/openai/held_uploads.h"
#include "serve/openai/parts_store.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::uint64_t largest_part = std::uint64_t{64} * 1024 * 1024;

void keep(const Context& context, const std::shared_ptr<Exchange>& exchange,
          const std::shared_ptr<UploadPipe>& pipe, const UploadRecord& upload) {
    const Timestamp now = system_clock()->now();
    if (const auto refused = refusal_of_upload(upload, now)) {
        exchange->respond(bad_request(*refused));
        return pipe->close();
    }
    context.parts.put(pipe, upload.id.str(), exchange->stop_token(),
                      [exchange, pipe, upload = upload.id, now](const Result<HeldPart>& part) {
                          exchange->respond(part.ok() ? json_response(200, part_object(part->id, upload, now))
                                                      : openai_error_of(part.error()));
                          pipe->close();
                      });
}

}  // namespace

PartForm::~PartForm() {
    drop();
}

void PartForm::drop() {
    if (pipe_) {
        pipe_->fail(Error(ErrorCode::cancelled));
        pipe_.reset();
    }
}

void PartForm::refuse(Response response) {
    exchange_->respond(std::move(response));
    drop();
}

void PartForm::begin_part(const FormPart& part) {
    is_in_data_ = part.name == "data" && !exchange_->is_answered();
    if (is_in_data_ && pipe_) {
        refuse(bad_request({"there is more than one part data: send one with each request", "data"}));
    } else if (is_in_data_) {
        begin_data();
    }
}

/// The bytes wait until it is known that there is such an upload.
void PartForm::begin_data() {
    pipe_ = std::make_shared<UploadPipe>(std::nullopt, context_.body_memory, exchange_->wake_connection());
    with_upload(context_, exchange_,
                [&context = context_, exchange = exchange_, pipe = pipe_](const HeldUpload& upload) {
                    keep(context, exchange, pipe, upload.record);
                });
}

void PartForm::take(std::string_view bytes) {
    if (!is_in_data_ || !pipe_) {
        return;
    }
    size_ += bytes.size();
    if (size_ > largest_part) {
        return refuse(openai_response(
            413, "a part has at most " + std::to_string(largest_part) + " bytes: send more of them", "data"));
    }
    pipe_->add(bytes);
}

std::size_t PartForm::room() const {
    return pipe_ ? pipe_->room() : BodyTaker::unlimited;
}

void PartForm::hand_over() {
    if (pipe_) {
        pipe_->hand_over();
    }
}

void PartForm::end() {
    if (!pipe_) {
        return exchange_->respond(bad_request({"data is missing: send it as a part of the form", "data"}));
    }
    pipe_->end();
    pipe_.reset();
}

void PartForm::fail(FormFault fault) {
    refuse(refusal_of_form(fault));
}

}  // namespace filestore::tool::serve::openai
