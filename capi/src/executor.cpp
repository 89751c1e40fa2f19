#include "executor.h"

#include <new>
#include <utility>

#include "arguments.h"
#include "callbacks.h"
#include "core/library_thread.h"

namespace filestore::capi {
namespace {

class CallersExecutor final : public Executor {
public:
    CallersExecutor(filestore_execute_function execute, void* context) noexcept
        : execute_(execute), context_(context) {}

    void post(std::function<void()> work) override {
        auto task = std::make_unique<filestore_task>(filestore_task{std::move(work)});
        const auto taken =
            call_back(ErrorCode::no_memory, "executor", [&] { return execute_(context_, task.get()); });
        if (!taken.ok()) {
            // The only failure that an executor may have.
            throw std::bad_alloc();
        }
        static_cast<void>(task.release());
    }

private:
    filestore_execute_function execute_;
    void* context_;
};

}  // namespace

std::shared_ptr<Executor> executor_over(filestore_execute_function execute, void* context) {
    return execute != nullptr ? std::make_shared<CallersExecutor>(execute, context) : nullptr;
}

}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_options_set_executor(filestore_options* options, filestore_execute_function execute,
                                       void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.executor = capi::executor_over(execute, context);
        return {};
    });
}

void filestore_task_run(filestore_task* task) noexcept {
    capi::guard_run(task, [](filestore_task& handle) noexcept {
        const std::unique_ptr<filestore_task> owned(&handle);
        const LibraryThreadScope scope;
        handle.work();
    });
}
