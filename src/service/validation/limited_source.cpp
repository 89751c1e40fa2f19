#include "service/validation/limited_source.h"

#include <utility>

#include "core/file_stream.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "service/validation/rules.h"

namespace filestore::validation {

namespace {

class LimitedSource final : public LendingSource {
public:
    LimitedSource(std::shared_ptr<Source> inner, std::uint64_t most, std::string path)
        : inner_(std::move(inner)), lender_(lender_of(*inner_)), most_(most), path_(std::move(path)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    [[nodiscard]] bool can_rewind() const noexcept override { return inner_->can_rewind(); }
    [[nodiscard]] bool blocking() const noexcept override { return inner_->blocking(); }

    [[nodiscard]] Result<void> rewind() override {
        read_ = 0;
        return inner_->rewind();
    }

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*inner_, into, wake));
        read_ += step.bytes;
        if (read_ > most_) {
            return too_large(path_, most_, std::nullopt);
        }
        return step;
    }

    [[nodiscard]] bool lends() const noexcept override { return lender_ != nullptr; }

    [[nodiscard]] Result<Loan> lend(const Wake& wake) override {
        FILESTORE_TRY_ASSIGN(const Loan loan, lender_->lend(wake));
        if (loan.bytes.size() > most_ - read_) {
            lender_->give_back(0);
            return too_large(path_, most_, std::nullopt);
        }
        return loan;
    }

    void give_back(std::size_t used) noexcept override {
        read_ += used;
        lender_->give_back(used);
    }

private:
    const std::shared_ptr<Source> inner_;
    LendingSource* const lender_;
    const std::uint64_t most_;
    const std::string path_;
    std::uint64_t read_ = 0;
};

}  // namespace

std::shared_ptr<Source> limit_source(std::shared_ptr<Source> source, std::uint64_t most, std::string path) {
    return std::make_shared<LimitedSource>(std::move(source), most, std::move(path));
}

}  // namespace filestore::validation
