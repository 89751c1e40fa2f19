#include "serve/upload_form.h"

#include <utility>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/stored_upload.h"
#include "service/validation/rules.h"

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
/// Of the other parts of a form, and the heads of all, where the size of its file is limited.
constexpr std::uint64_t most_beside_file = std::uint64_t{16} * 1024 * 1024;

/// Some browsers of old sent where on its user's disk a file was.
std::string without_place(const std::string& name) {
    const bool has_place = name.size() > 2 && name.compare(1, 2, ":\\") == 0;
    return has_place ? name.substr(name.rfind('\\') + 1) : name;
}

/// libmicrohttpd ends a name at its first quote, also where a backslash stands before it that is itself not escaped.
bool was_cut_at_quote(const std::string& name) {
    const std::size_t other = name.find_last_not_of('\\');
    const std::size_t backslashes = name.size() - (other == std::string::npos ? 0 : other + 1);
    return backslashes % 2 == 1;
}

std::string without_escapes(const std::string& name) {
    std::string plain;
    for (std::size_t place = 0; place < name.size(); ++place) {
        const bool is_escape = name.compare(place, 2, "\\\\") == 0;
        plain += name[place];
        place += is_escape ? 1 : 0;
    }
    return plain;
}

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
    const auto most = context.store.validation.max_size;
    if (!most || head.content_length.value_or(0) <= most_beside_file ||
        *head.content_length - most_beside_file <= *most) {
        return std::nullopt;
    }
    return failed_upload(validation::too_large("", *most, std::nullopt));
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
    const std::string name = part.file_name.value_or("");
    if (was_cut_at_quote(name)) {
        exchange_->respond(detail_response(
            400, "a file name with an escaped quote is not understood: send the quote as %22"));
        return;
    }
    const auto type = part.content_type ? std::optional(utf8_of_latin1(*part.content_type)) : std::nullopt;
    auto file = upload_of(without_place(without_escapes(name)), type);
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
