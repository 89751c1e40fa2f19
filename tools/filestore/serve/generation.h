#pragma once

/// What one reading of the configuration has made. The service has one at a time; requests that began with an older one end with it.

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "filestore/file_exporter.h"
#include "serve/access/authenticator.h"
#include "serve/access/cross_origin.h"
#include "serve/access/proven_tokens.h"
#include "serve/access/rate_limit.h"
#include "serve/body_memory.h"
#include "serve/configuration.h"
#include "serve/guards.h"
#include "serve/metrics/metrics.h"
#include "serve/openai/parts_store.h"
#include "serve/openai/uploads_being_made.h"
#include "serve/outage_log.h"
#include "serve/readiness.h"
#include "serve/routes.h"
#include "serve/tus/pieces_under_way.h"

namespace filestore::tool::serve {

/// Who may call. A value (shared handles).
struct Access {
    Authenticator authenticator;
    /// Where nobody needs a key.
    Guard guard;
    CrossOrigin cross_origin;
    std::shared_ptr<RateLimit> rate_limit;
    std::shared_ptr<ProvenTokens> proven_tokens;
    std::string scheme;
};

/// What is tried again and again, of all generations. A resource; thread-safe.
struct Outages {
    OutageLog audit{"the audit server cannot be told of files, which wait until it can",
                    "the audit server is told of files again"};
    OutageLog copies{"copies at AI providers cannot be removed or found out about, which is tried again",
                     "nothing of copies at AI providers is left to do"};
};

/// A resource; thread-safe. To be destroyed on the main thread, as it waits for its calls.
class Generation {
public:
    /// `address` is the one that is listened at. What `before`, which may be null, knows of the issuer of tokens, of what callers have used up and of uploads under way is kept. Opens the store; the failures of that, and of the configuration.
    [[nodiscard]] static Result<std::shared_ptr<Generation>> make(Configuration configuration,
                                                                  const ListenAddress& address,
                                                                  std::shared_ptr<Metrics> metrics,
                                                                  std::shared_ptr<BodyMemory> body_memory,
                                                                  const Generation* before);

    [[nodiscard]] const Configuration& configuration() const noexcept { return configuration_; }
    [[nodiscard]] const Access& access() const noexcept { return access_; }
    [[nodiscard]] const Context& context() const noexcept { return context_; }

    /// Cleans up by the schedule from here on, and removes the copies that providers have of deleted files; for the main thread. The failures of FileService::start and FileExporter::start.
    [[nodiscard]] Result<void> start_schedule();
    /// Waits for what is under way of that to end early.
    void stop_schedule() noexcept {
        exporter_.reset();
        scheduler_.reset();
    }

    /// Cancels the calls of the store that go on without their client, of this generation and those before.
    void cancel_calls() { end_.request_stop(); }

private:
    Generation(Configuration configuration, FileService service, FileService scheduler, Access access,
               std::shared_ptr<Metrics> metrics, std::shared_ptr<BodyMemory> body_memory,
               std::shared_ptr<Outages> outages, bool links_to_caller, const Generation* before)
        : configuration_(std::move(configuration)),
          metrics_(std::move(metrics)),
          body_memory_(std::move(body_memory)),
          outages_(std::move(outages)),
          parts_(configuration_.store),
          service_(std::move(service)),
          scheduler_(std::move(scheduler)),
          access_(std::move(access)),
          pieces_(before == nullptr ? std::make_shared<tus::PiecesUnderWay>() : before->pieces_),
          uploads_being_made_(before == nullptr ? std::make_shared<openai::UploadsBeingMade>()
                                                : before->uploads_being_made_),
          end_(before == nullptr ? std::stop_source() : before->end_),
          readiness_(service_, end_.get_token()),
          context_{service_,        *metrics_,       *body_memory_,        configuration_.store,
                   *pieces_,        parts_,          *uploads_being_made_, readiness_,
                   links_to_caller, end_.get_token()} {}

    const Configuration configuration_;
    const std::shared_ptr<Metrics> metrics_;
    const std::shared_ptr<BodyMemory> body_memory_;
    const std::shared_ptr<Outages> outages_;
    /// Before the service, whose last calls may still use it.
    openai::PartsStore parts_;
    FileService service_;
    /// Apart from that of the calls, which may be needed for long after another generation has begun.
    std::optional<FileService> scheduler_;
    /// Of the scheduler's store; nothing where no catalogue keeps track of copies.
    std::optional<FileExporter> exporter_;
    const Access access_;
    const std::shared_ptr<tus::PiecesUnderWay> pieces_;
    const std::shared_ptr<openai::UploadsBeingMade> uploads_being_made_;
    std::stop_source end_;
    Readiness readiness_;
    const Context context_;
};

/// A resource; thread-safe.
class CurrentGeneration {
public:
    [[nodiscard]] std::shared_ptr<const Generation> get() const {
        const std::lock_guard lock(mutex_);
        return generation_;
    }
    void set(std::shared_ptr<const Generation> generation) {
        const std::lock_guard lock(mutex_);
        generation_.swap(generation);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Generation> generation_;
};

}  // namespace filestore::tool::serve
