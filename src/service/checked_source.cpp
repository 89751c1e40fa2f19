#include "service/checked_source.h"

#include <optional>
#include <utility>

#include "core/checksum/checksum.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

class CheckedSource final : public Source {
public:
    CheckedSource(std::shared_ptr<Source> inner, ChecksumValue expected)
        : inner_(std::move(inner)), expected_(std::move(expected)), sum_(expected_.algorithm) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    [[nodiscard]] bool blocking() const noexcept override { return inner_->blocking(); }

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*inner_, into, wake));
        sum_.update(into.first(step.bytes));
        const bool is_end = step.bytes == 0 && !step.would_block;
        if (is_end && !is_right()) {
            ErrorDetails details;
            details.server_code = "checksum";
            return Error(ErrorCode::corrupt,
                         "the bytes that arrived are not of the " +
                             std::string(to_string(expected_.algorithm)) + " checksum that came with them",
                         std::move(details));
        }
        return step;
    }

private:
    /// The end may be read several times, as by whoever looks at the beginning of a short source; a checksum is finished once.
    bool is_right() {
        if (!is_right_) {
            is_right_ = sum_.finish() == expected_;
        }
        return *is_right_;
    }

    const std::shared_ptr<Source> inner_;
    const ChecksumValue expected_;
    Checksum sum_;
    std::optional<bool> is_right_;
};

}  // namespace

std::shared_ptr<Source> checked_source(std::shared_ptr<Source> source, ChecksumValue expected) {
    return std::make_shared<CheckedSource>(std::move(source), std::move(expected));
}

}  // namespace filestore
