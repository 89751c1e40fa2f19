#include "serve/openai/file_form.h"

#include <utility>

#include "serve/answers.h"
#include "serve/form_file.h"
#include "serve/openai/form_faults.h"
#include "serve/openai/parts_source.h"
#include "serve/openai/parts_store.h"
#include "serve/stored_upload.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::size_t longest_field = 1024;

Response stored(const Result<FileId>& id, const std::string& name, std::uint64_t size,
                const Attributes& attributes) {
    return id.ok() ? json_response(200, file_object(*id, name, size, attributes))
                   : openai_error_of(id.error(), id.error().code() == ErrorCode::rejected ? "file" : "");
}

}  // namespace

/// What the form and the calls of the store share; the form writes it, up to the end of the pipe, behind which the calls read it.
struct FileForm::NewFile {
    FileUpload upload;
    std::string name;
    Attributes attributes;
    std::uint64_t size = 0;

    [[nodiscard]] Metadata metadata() const {
        Metadata all = upload.metadata;
        keep_attributes(all, attributes);
        return all;
    }
    /// What is stored of it, but for the source.
    [[nodiscard]] FileUpload with_attributes() const {
        FileUpload file = upload;
        file.metadata = metadata();
        return file;
    }
};

FileForm::FileForm(const Context& context, std::shared_ptr<Exchange> exchange)
    : context_(context), exchange_(std::move(exchange)), began_at_(system_clock()->now()) {}

FileForm::~FileForm() {
    drop();
}

void FileForm::drop() {
    if (pipe_) {
        pipe_->fail(Error(ErrorCode::cancelled));
        pipe_.reset();
    }
    way_ = Way::none;
}

void FileForm::refuse(Response response) {
    exchange_->respond(std::move(response));
    drop();
}

void FileForm::begin_part(const FormPart& part) {
    field_ = nullptr;
    is_in_file_ = false;
    if (exchange_->is_answered()) {
        return;
    }
    if (part.name == "file" && part.file_name) {
        return begin_file(part);
    }
    begin_field(part.name);
}

void FileForm::begin_field(const std::string& name) {
    if (name == "expires_after") {
        return refuse(bad_request(
            {"expires_after: send expires_after[anchor] and expires_after[seconds]", "expires_after"}));
    }
    field_ = name == "purpose"                  ? &asked_.purpose
             : name == "expires_after[anchor]"  ? &asked_.expiry_anchor
             : name == "expires_after[seconds]" ? &asked_.expiry_seconds
                                                : nullptr;
    if (field_ == nullptr) {
        return;
    }
    if (*field_) {
        return refuse(bad_request({"there is more than one field " + name, name}));
    }
    field_->emplace();
}

void FileForm::begin_file(const FormPart& part) {
    if (file_) {
        return refuse(bad_request({"there is more than one file: send one with each request", "file"}));
    }
    const auto name = name_of_form_file(part);
    const auto type = part.content_type ? std::optional(utf8_of_latin1(*part.content_type)) : std::nullopt;
    auto upload = name.ok() ? upload_of(*name, type) : name.error();
    if (!upload.ok()) {
        return refuse(bad_request({std::string(upload.error().message()), "file"}));
    }
    const auto allowed = context_.service.check_upload(upload->path, upload->content_type, std::nullopt);
    if (!allowed.ok()) {
        return refuse(openai_error_of(allowed.error(), "file"));
    }
    is_in_file_ = true;
    file_ = std::make_shared<NewFile>();
    file_->name = upload->path;
    file_->upload = std::move(*upload);
    file_->upload.call.cancel = exchange_->stop_token();
    pipe_ = std::make_shared<UploadPipe>(std::nullopt, context_.body_memory, exchange_->wake_connection());
    way_ = Way::waits;
    begin_where_possible();
}

/// Before the first byte. What is asked for by then may be wrong; that is told at the end.
void FileForm::begin_where_possible() {
    if (context_.service.takes_late_metadata()) {
        way_ = Way::late_metadata;
        FileUpload upload = file_->upload;
        upload.late_metadata = [file = file_]() -> Result<Metadata> { return file->metadata(); };
        upload.source = pipe_;
        store(std::move(upload));
        return;
    }
    Attributes known;
    if (asked_.purpose && !read_attributes(asked_, began_at_, known)) {
        way_ = Way::known;
        begun_with_ = known;
        file_->attributes = known;
        FileUpload upload = file_->with_attributes();
        upload.source = pipe_;
        store(std::move(upload));
    }
}

void FileForm::store(FileUpload upload) {
    context_.service.upload_async(
        std::move(upload), [exchange = exchange_, file = file_, pipe = pipe_](const Result<FileId>& id) {
            exchange->respond(stored(id, file->name, file->size, file->attributes));
            pipe->close();
        });
}

/// The file is too large to wait in memory until it is known what it is for.
void FileForm::hold() {
    way_ = Way::held;
    context_.parts.put(
        pipe_, {}, exchange_->stop_token(),
        [&context = context_, exchange = exchange_, file = file_,
         pipe = pipe_](const Result<HeldPart>& part) {
            pipe->close();
            if (!part.ok()) {
                return exchange->respond(openai_error_of(part.error()));
            }
            FileUpload upload = file->with_attributes();
            upload.source = source_of_parts(context, {*part}, std::nullopt);
            context.service.upload_async(
                std::move(upload), [&context, exchange, file, part = *part](const Result<FileId>& id) {
                    context.parts.drop({part.id}, [exchange, file, id] {
                        exchange->respond(stored(id, file->name, file->size, file->attributes));
                    });
                });
        });
}

void FileForm::take(std::string_view bytes) {
    if (is_in_file_ && pipe_) {
        size_ += bytes.size();
        pipe_->add(bytes);
        if (way_ == Way::waits && pipe_->room() == 0) {
            hold();
        }
    } else if (field_ != nullptr) {
        **field_ += bytes;
        if ((*field_)->size() > longest_field) {
            field_ = nullptr;
            refuse(bad_request({"a field is longer than " + std::to_string(longest_field) + " bytes", ""}));
        }
    }
}

std::size_t FileForm::room() const {
    return pipe_ ? pipe_->room() : BodyTaker::unlimited;
}

void FileForm::hand_over() {
    if (pipe_) {
        pipe_->hand_over();
    }
}

void FileForm::end() {
    if (!pipe_) {
        return exchange_->respond(
            bad_request({"file is missing: send it as a part with a file name", "file"}));
    }
    Attributes attributes;
    if (const auto refused = read_attributes(asked_, began_at_, attributes)) {
        return refuse(bad_request(*refused));
    }
    if (way_ == Way::known && attributes != begun_with_) {
        return refuse(bad_request(
            {"this store has to know of expires_after before the file: send it first", "expires_after"}));
    }
    end_file(attributes);
}

void FileForm::end_file(const Attributes& attributes) {
    file_->attributes = attributes;
    file_->size = size_;
    pipe_->end();
    if (way_ == Way::waits) {
        FileUpload upload = file_->with_attributes();
        upload.source = pipe_;
        store(std::move(upload));
    }
    pipe_.reset();
}

void FileForm::fail(FormFault fault) {
    refuse(refusal_of_form(fault));
}

}  // namespace filestore::tool::serve::openai
