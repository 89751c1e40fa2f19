#pragma once

/// One curl multi handle and the thread that drives it. Only src/http includes this header.

#include <cstddef>
#include <memory>

#include "core/owner_process.h"
#include "http/curl_transport.h"
#include "http/name_lookups.h"
#include "http/shared_caches.h"

namespace filestore::http {

/// A resource; thread-safe. Destroying it ends every exchange with `cancelled`.
class EventLoop {
public:
    EventLoop(const TransportOptions& options, std::shared_ptr<SharedCaches> caches,
              std::shared_ptr<NameLookups> names);
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    void send(Request request, const std::shared_ptr<Receiver>& receiver) noexcept;

    /// See Transport::close().
    void close() noexcept;

    /// Exchanges queued or under way.
    [[nodiscard]] std::size_t load() const noexcept;

private:
    class State;
    OwnerProcess owner_process_;
    std::shared_ptr<State> state_;
};

}  // namespace filestore::http
