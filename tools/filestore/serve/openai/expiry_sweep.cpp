#include "serve/openai/expiry_sweep.h"

#include <deque>
#include <utility>

#include "serve/openai/protocol.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::uint32_t rows_of_a_sweep = 1000;

/// A resource that its calls share, one after the other.
class ExpirySweep : public std::enable_shared_from_this<ExpirySweep> {
public:
    ExpirySweep(FileService& service, std::function<void()> done)
        : service_(service), done_(std::move(done)), now_(system_clock()->now()) {}

    void look() {
        CataloguedFilesRequest request;
        request.behind = behind_;
        request.key = expiry_key;
        request.wants = [now = now_](const FileHistory& file) { return is_over(file.metadata, now); };
        request.limit = rows_of_a_sweep;
        service_.catalogued_files_async(std::move(request),
                                        [self = shared_from_this()](const Result<CataloguedFilesPage>& page) {
                                            page.ok() ? self->take(*page) : self->done_();
                                        });
    }

private:
    void take(const CataloguedFilesPage& page) {
        behind_ = page.next;
        for (const FileHistory& file : page.files) {
            due_.push_back(file.id);
        }
        remove_next();
    }

    void remove_next() {
        if (due_.empty()) {
            return behind_ ? look() : done_();
        }
        const FileId id = due_.front();
        due_.pop_front();
        service_.remove_async({id, {}}, [self = shared_from_this()](const Result<bool>& removed) {
            const bool is_over = !removed.ok() && removed.error().code() == ErrorCode::cancelled;
            is_over ? self->done_() : self->remove_next();
        });
    }

    FileService& service_;
    const std::function<void()> done_;
    const Timestamp now_;
    std::optional<FileId> behind_;
    std::deque<FileId> due_;
};

}  // namespace

void sweep_expired_files(FileService& service, std::function<void()> done) {
    std::make_shared<ExpirySweep>(service, std::move(done))->look();
}

}  // namespace filestore::tool::serve::openai
