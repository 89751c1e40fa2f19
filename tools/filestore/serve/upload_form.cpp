#include "serve/upload_form.h"

#include <utility>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/form_file.h"
#include "serve/stored_upload.h"

namespace filestore::tool::serve {

namespace {

/// Whatever failed was a 500 in the original system, which had no rules that a file could break.
Response failed_upload(const Error& error) {
    Response response =
        detail_response(error.code() == ErrorCode::rejected ? status_of(error) : 500, error.message());
    response.broken_rule = broken_rule_of(error);
    return response;
}

constexpr std::string_view file_field = "file";
Response uploaded(const Result<FileId>& id, const std::string& name) {
    return id ? json_response(200, JsonLine().text("file_id", id->text()).text("filename", name).object())
              : failed_upload(id.error());
}

Response missing() {
    return invalid_input_response({"missing", "body", file_field, "Field required"});
}

Response no_file(const std::string& text) {
    return invalid_input_response({"value_error", "body", file_field,
                                   "Value error, Expected UploadFile, received: <class 'str'>",
                                   json_text(as_utf8(text)), R"({"error":{}})"});
}

}  // namespace

std::optional<Response> refusal_of_form(const Context& context, const Request& head) {
    const auto refused = refusal_of_form_size(context, head);
    return refused ? std::optional(failed_upload(*refused)) : std::nullopt;
}

UploadForm::~UploadForm() {
    drop_upload();
}

void UploadForm::drop_upload() {
    if (upload_ != nullptr) {
        upload_->fail(Error(ErrorCode::cancelled));
        upload_.reset();
    }
}

void UploadForm::begin_part(const FormPart& part) {
    if (part.name != file_field || exchange_->is_answered()) {
        part_ = Part::other;
        return;
    }
    drop_upload();
    text_.reset();
    part_ = part.file_name ? Part::file : Part::text;
    if (part_ == Part::file) {
        begin_upload(part);
    } else {
        text_.emplace();
    }
}

void UploadForm::begin_upload(const FormPart& part) {
    const auto name = name_of_form_file(part);
    if (!name.ok()) {
        exchange_->respond(detail_response(400, name.error().message()));
        return;
    }
    const auto type = part.content_type ? std::optional(utf8_of_latin1(*part.content_type)) : std::nullopt;
    auto file = upload_of(*name, type);
    if (!file) {
        exchange_->respond(detail_response(500, file.error().message()));
        return;
    }
    if (const auto allowed = context_.service.check_upload(file->path, file->content_type, std::nullopt);
        !allowed.ok()) {
        exchange_->respond(failed_upload(allowed.error()));
        return;
    }
    const auto pipe =
        std::make_shared<UploadPipe>(std::nullopt, context_.body_memory, exchange_->wake_connection());
    file->source = pipe;
    file->call.cancel = exchange_->stop_token();
    const std::string recorded_name = file->path;
    upload_ = pipe;
    context_.service.upload_async(std::move(*file),
                                  [exchange = exchange_, pipe, recorded_name](const Result<FileId>& id) {
                                      // One that another part came after has no answer.
                                      if (!pipe->was_failed()) {
                                          exchange->respond(uploaded(id, recorded_name));
                                      }
                                      pipe->close();
                                  });
}

void UploadForm::take(std::string_view bytes) {
    if (part_ == Part::file && upload_ != nullptr) {
        upload_->add(bytes);
    } else if (part_ == Part::text) {
        *text_ += bytes;
    }
}

std::size_t UploadForm::room() const {
    return upload_ == nullptr ? BodyTaker::unlimited : upload_->room();
}

void UploadForm::hand_over() {
    if (upload_ != nullptr) {
        upload_->hand_over();
    }
}

void UploadForm::end() {
    if (upload_ != nullptr) {
        upload_->end();
        upload_.reset();
    } else if (!text_ || text_->empty()) {
        exchange_->respond(missing());
    } else {
        exchange_->respond(no_file(*text_));
    }
}

void UploadForm::fail(FormFault fault) {
    drop_upload();
    switch (fault) {
        case FormFault::no_form:
        case FormFault::cut:
            exchange_->respond(missing());
            break;
        case FormFault::no_boundary:
            exchange_->respond(detail_response(400, "Missing boundary in multipart."));
            break;
        case FormFault::invalid:
            exchange_->respond(detail_response(400, "Invalid multipart data."));
            break;
        case FormFault::nameless_part:
            exchange_->respond(
                detail_response(400, "The Content-Disposition header field \"name\" must be provided."));
            break;
        case FormFault::long_part:
            exchange_->respond(detail_response(400, "Part exceeded maximum size of 1024KB."));
            break;
        case FormFault::long_field:
            exchange_->respond(detail_response(400, "Field exceeded maximum size of 1024KB."));
            break;
        case FormFault::many_fields:
            exchange_->respond(detail_response(400, "Too many fields. Maximum number of fields is 1000."));
            break;
        case FormFault::broken:
            exchange_->respond(detail_response(400, "There was an error parsing the body"));
            break;
    }
}

}  // namespace filestore::tool::serve
