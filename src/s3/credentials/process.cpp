#include "s3/credentials/process.h"

#include <utility>

#include "core/try.h"
#include "s3/credentials/command_line.h"
#include "s3/credentials/key_json.h"

namespace filestore::s3 {
namespace {

class ProcessProvider final : public CredentialsProvider {
public:
    ProcessProvider(ProviderContext context, std::string command, ChildLimits limits)
        : context_(std::move(context)), command_(std::move(command)), limits_(limits) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "credential_process"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        post_step(*context_.executor, [command = command_, limits = limits_, cancel, reply] {
            auto keys = run(command, limits, cancel);
            reply->give(keys.ok() ? std::move(keys) : keys.error().within("credential_process"));
        });
    }

    static Result<ResolvedCredentials> run(const std::string& command, const ChildLimits& limits,
                                           const std::stop_token& cancel) {
        FILESTORE_TRY_ASSIGN(const auto words, split_command_line(command));
        FILESTORE_TRY_ASSIGN(SecretString output, run_child(words, limits, cancel));
        return parse_process_keys(std::move(output));
    }

    const ProviderContext context_;
    const std::string command_;
    const ChildLimits limits_;
};

}  // namespace

CredentialsProviderPtr make_process_provider(ProviderContext context, std::string command,
                                             ChildLimits limits) {
    return std::make_shared<ProcessProvider>(std::move(context), std::move(command), limits);
}

}  // namespace filestore::s3
