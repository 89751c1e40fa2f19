/// The program's own clock.

#include "arguments.h"

namespace filestore::capi {
namespace {

class CallersClock final : public Clock {
public:
    CallersClock(filestore_now_function tell, void* context) noexcept : tell_(tell), context_(context) {}

    /// C++ exceptions of the program, if any, end here.
    [[nodiscard]] Timestamp now() const noexcept override {
        try {
            return Timestamp(std::chrono::microseconds(tell_(context_)));
        } catch (...) {
            return system_->now();
        }
    }

private:
    filestore_now_function tell_;
    void* context_;
    std::shared_ptr<Clock> system_ = system_clock();
};

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_options_set_clock(filestore_options* options, filestore_now_function now, void* context,
                                    filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.clock =
            now != nullptr ? std::make_shared<capi::CallersClock>(now, context) : nullptr;
        return {};
    });
}
