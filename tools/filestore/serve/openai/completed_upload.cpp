#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/answers.h"
#include "serve/openai/held_uploads.h"
#include "serve/openai/json_body.h"
#include "serve/openai/lookups.h"
#include "serve/openai/parts_source.h"
#include "serve/openai/parts_store.h"
#include "serve/openai/upload_routes.h"
#include "serve/openai/uploads_being_made.h"

namespace filestore::tool::serve::openai {

namespace {

/// Makes the file of an upload. Who goes away meanwhile asks again, and finds it; so only the end of the service stops it. A resource that its calls share, one after the other.
class Completing : public std::enable_shared_from_this<Completing> {
public:
    Completing(const Context& context, std::shared_ptr<Exchange> exchange, HeldUpload upload,
               WantedParts wanted)
        : context_(context),
          exchange_(std::move(exchange)),
          upload_(std::move(upload)),
          wanted_(std::move(wanted)) {}

    ~Completing() { end(); }
    Completing(const Completing&) = delete;
    Completing& operator=(const Completing&) = delete;

    void begin() {
        if (upload_.record.status == UploadStatus::completed) {
            return tell_again();
        }
        if (const auto refused = refusal_of_upload(upload_.record, system_clock()->now())) {
            return answer(bad_request(*refused));
        }
        has_begun_ = context_.uploads_being_made.begin(upload_.record.id);
        if (!has_begun_) {
            return answer(openai_response(409, "the file of this upload is just being made"));
        }
        find_parts();
    }

private:
    /// A client that has its answer may ask again.
    void answer(Response response) {
        end();
        exchange_->respond(std::move(response));
    }

    void end() {
        if (std::exchange(has_begun_, false)) {
            context_.uploads_being_made.end(upload_.record.id);
        }
    }

    void find_parts() {
        look_up(
            wanted_.parts,
            [&context = context_, upload = upload_.record.id.str()](const FileId& id,
                                                                    Completion<FileInfo> done) {
                context.parts.find(id, upload, [done = std::move(done)](const Result<HeldPart>& part) {
                    FileInfo info;
                    if (part.ok()) {
                        info.id = part->id;
                        info.size = part->size;
                    }
                    done(part.ok() ? Result<FileInfo>(std::move(info)) : part.error());
                });
            },
            [self = shared_from_this()](const std::vector<Result<FileInfo>>& parts) { self->take(parts); });
    }

    void take(const std::vector<Result<FileInfo>>& parts) {
        std::uint64_t size = 0;
        for (std::size_t place = 0; place < parts.size(); ++place) {
            if (!parts[place].ok()) {
                return refuse_part(wanted_.parts[place], parts[place].error());
            }
            size += parts[place]->size;
            parts_.push_back({parts[place]->id, parts[place]->size});
        }
        if (size != upload_.record.bytes) {
            return answer(bad_request({"the parts have " + std::to_string(size) +
                                           " bytes together, where the upload was begun for " +
                                           std::to_string(upload_.record.bytes),
                                       "part_ids"}));
        }
        store();
    }

    void refuse_part(const FileId& id, const Error& error) {
        answer(error.code() == ErrorCode::not_found
                   ? bad_request({"the upload has no part " + name_of_part(id), "part_ids"})
                   : openai_error_of(error));
    }

    void store() {
        attributes_ = attributes_of(upload_.record, system_clock()->now());
        auto file = file_of(upload_.record, attributes_);
        if (!file.ok()) {
            return answer(openai_error_of(file.error()));
        }
        file->source = source_of_parts(context_, parts_, wanted_.md5);
        file->call.cancel = context_.end;
        context_.service.upload_async(std::move(*file),
                                      [self = shared_from_this()](const Result<FileId>& id) {
                                          id.ok() ? self->record(*id) : self->tell_failure(id.error());
                                      });
    }

    void tell_failure(const Error& error) {
        const bool is_of_other_bytes = error.details().server_code == md5_rule;
        answer(is_of_other_bytes ? bad_request({std::string(error.message()), "md5"})
                                 : openai_error_of(error));
    }

    /// From here on a client that asks again is told of this file.
    void record(const FileId& id) {
        UploadRecord completed = upload_.record;
        completed.status = UploadStatus::completed;
        completed.file = id;
        context_.parts.write_text(completed.id, to_text(completed), upload_.version,
                                  [self = shared_from_this(), completed](const Result<void>& written) {
                                      written.ok() ? self->tell(completed)
                                                   : self->take_back(*completed.file, written.error());
                                  });
    }

    void tell(const UploadRecord& completed) {
        context_.parts.drop(wanted_.parts, [self = shared_from_this(), completed] {
            const std::string file =
                file_object(*completed.file, completed.filename, completed.bytes, self->attributes_);
            self->answer(json_response(200, upload_object(completed, system_clock()->now(), file)));
        });
    }

    /// Another process was faster, with a file or with the end of the upload: nobody will hear of this one.
    void take_back(const FileId& id, const Error& error) {
        context_.service.remove_async({id, {}}, [self = shared_from_this(), error](const Result<bool>&) {
            self->answer(error.code() == ErrorCode::precondition_failed
                             ? openai_response(409, "the upload has just been ended: ask again")
                             : openai_error_of(error));
        });
    }

    void tell_again() {
        FileRequest request{upload_.record.file.value_or(FileId()), {}};
        request.call.cancel = exchange_->stop_token();
        context_.service.metadata_async(std::move(request), [self = shared_from_this()](
                                                                const Result<FileInfo>& info) {
            const Timestamp now = system_clock()->now();
            const bool was_deleted = is_gone(info, now);
            if (!info.ok() && !was_deleted) {
                return self->answer(openai_error_of(info.error()));
            }
            self->answer(json_response(200, upload_object(self->upload_.record, now,
                                                          was_deleted ? std::string() : file_object(*info))));
        });
    }

    const Context& context_;
    const std::shared_ptr<Exchange> exchange_;
    const HeldUpload upload_;
    const WantedParts wanted_;
    bool has_begun_ = false;
    std::vector<HeldPart> parts_;
    Attributes attributes_;
};

}  // namespace

void complete_upload(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    take_json(exchange, [&context, exchange](const std::string& body) {
        WantedParts wanted;
        if (const auto refused = read_wanted_parts(body, wanted)) {
            return exchange->respond(bad_request(*refused));
        }
        with_upload(context, exchange, [&context, exchange, wanted](const HeldUpload& upload) {
            std::make_shared<Completing>(context, exchange, upload, wanted)->begin();
        });
    });
}

}  // namespace filestore::tool::serve::openai
