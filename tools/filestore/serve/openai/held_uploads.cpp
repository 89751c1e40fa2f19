#include "serve/openai/held_uploads.h"

#include <utility>

#include "serve/answers.h"
#include "serve/openai/parts_store.h"

namespace filestore::tool::serve::openai {

void with_upload(const Context& context, const std::shared_ptr<Exchange>& exchange,
                 std::function<void(const HeldUpload&)> then) {
    const std::string& name = exchange->request().file_id;
    const auto id = parse_upload_id(name);
    if (!id.ok()) {
        return exchange->respond(no_such_upload(name));
    }
    context.parts.read_text(*id, [exchange, id = *id, then = std::move(then)](const Result<HeldText>& read) {
        if (!read.ok() && read.error().code() != ErrorCode::not_found) {
            return exchange->respond(openai_error_of(read.error()));
        }
        const auto record = read.ok() ? read_record(id, read->text) : Result<UploadRecord>(read.error());
        // A part is no record.
        if (!record.ok()) {
            return exchange->respond(no_such_upload(exchange->request().file_id));
        }
        then({*record, read->version});
    });
}

std::optional<Refused> refusal_of_upload(const UploadRecord& record, Timestamp now) {
    const std::string upload = "the upload " + name_of_upload(record.id);
    switch (record.status) {
        case UploadStatus::completed:
            return Refused{upload + " is completed", "upload_id"};
        case UploadStatus::cancelled:
            return Refused{upload + " is cancelled", "upload_id"};
        case UploadStatus::pending:
            break;
    }
    return record.expires_at <= now ? std::optional(Refused{upload + " has expired", "upload_id"})
                                    : std::nullopt;
}

}  // namespace filestore::tool::serve::openai
