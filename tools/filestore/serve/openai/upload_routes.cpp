#include "serve/openai/upload_routes.h"

#include <utility>

#include "serve/answers.h"
#include "serve/openai/held_uploads.h"
#include "serve/openai/json_body.h"
#include "serve/openai/part_form.h"
#include "serve/openai/parts_store.h"
#include "service/validation/rules.h"

namespace filestore::tool::serve::openai {

namespace {

/// As check_upload(), and what no file can be larger than here.
Result<void> check_file(const FileService& service, const UploadRecord& upload) {
    const std::uint64_t most = service.max_upload_length();
    if (most > 0 && upload.bytes > most) {
        return validation::too_large(upload.filename, most, upload.bytes);
    }
    auto file = file_of(upload, {});
    return file.ok() ? service.check_upload(file->path, file->content_type, upload.bytes) : file.error();
}

void begin_upload(const Context& context, const std::shared_ptr<Exchange>& exchange,
                  const std::string& body) {
    UploadRecord upload;
    const Timestamp now = system_clock()->now();
    if (const auto refused = read_new_upload(body, now, upload)) {
        return exchange->respond(bad_request(*refused));
    }
    if (const auto allowed = check_file(context.service, upload); !allowed.ok()) {
        return exchange->respond(openai_error_of(allowed.error()));
    }
    const auto id = FileId::generate();
    if (!id.ok()) {
        return exchange->respond(openai_error_of(id.error()));
    }
    upload.id = *id;
    context.parts.write_text(*id, to_text(upload), "", [exchange, upload, now](const Result<void>& written) {
        exchange->respond(written.ok() ? json_response(200, upload_object(upload, now, ""))
                                       : openai_error_of(written.error()));
    });
}

void cancel(const Context& context, const std::shared_ptr<Exchange>& exchange, const HeldUpload& upload) {
    const Timestamp now = system_clock()->now();
    UploadRecord cancelled = upload.record;
    cancelled.status = UploadStatus::cancelled;
    if (upload.record.status == UploadStatus::cancelled) {
        return exchange->respond(json_response(200, upload_object(cancelled, now, "")));
    }
    if (const auto refused = refusal_of_upload(upload.record, now)) {
        return exchange->respond(bad_request(*refused));
    }
    context.parts.write_text(
        cancelled.id, to_text(cancelled), upload.version,
        [exchange, cancelled, now](const Result<void>& written) {
            const bool is_lost = !written.ok() && written.error().code() == ErrorCode::precondition_failed;
            exchange->respond(written.ok() ? json_response(200, upload_object(cancelled, now, ""))
                              : is_lost    ? openai_response(409, "the upload has just been ended: ask again")
                                           : openai_error_of(written.error()));
        });
}

}  // namespace

void create_upload(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    take_json(exchange,
              [&context, exchange](const std::string& body) { begin_upload(context, exchange, body); });
}

void add_part(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    exchange->form_taker = std::make_unique<PartForm>(context, exchange);
}

void cancel_upload(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    with_upload(context, exchange,
                [&context, exchange](const HeldUpload& upload) { cancel(context, exchange, upload); });
}

}  // namespace filestore::tool::serve::openai
