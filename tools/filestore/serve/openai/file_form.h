#pragma once

/// A file and what is to be known of it, in one form whose parts come in any order.

#include <memory>
#include <optional>
#include <string>

#include "serve/body_pipes.h"
#include "serve/exchange.h"
#include "serve/openai/protocol.h"
#include "serve/routes.h"

namespace filestore::tool::serve::openai {

/// Hands the part `file` to the store while it arrives; nothing is stored before the form has ended well.
///
/// Where the store takes metadata behind the bytes, it gets that from what the whole form says. Else the upload begins once the purpose is known. A file that comes first waits in memory for that, as long as that has room for it, and then where the
/// parts of uploads are kept (parts_store.h), from where it is stored when the form has ended.
class FileForm final : public FormTaker {
public:
    FileForm(const Context& context, std::shared_ptr<Exchange> exchange);
    ~FileForm() override;

    void begin_part(const FormPart& part) override;
    void take(std::string_view bytes) override;
    [[nodiscard]] std::size_t room() const override;
    void hand_over() override;
    void end() override;
    void fail(FormFault fault) override;

private:
    struct NewFile;
    /// Where the file of the form goes.
    enum class Way { none, waits, late_metadata, known, held };

    void begin_field(const std::string& name);
    void begin_file(const FormPart& part);
    void begin_where_possible();
    void hold();
    void store(FileUpload upload);
    void end_file(const Attributes& attributes);
    void refuse(Response response);
    void drop();

    const Context& context_;
    const std::shared_ptr<Exchange> exchange_;
    const Timestamp began_at_;
    AskedAttributes asked_;
    /// The field whose text comes; null where it is none that is known.
    std::optional<std::string>* field_ = nullptr;
    bool is_in_file_ = false;
    Way way_ = Way::none;
    std::shared_ptr<UploadPipe> pipe_;
    std::shared_ptr<NewFile> file_;
    Attributes begun_with_;
    std::uint64_t size_ = 0;
};

}  // namespace filestore::tool::serve::openai
