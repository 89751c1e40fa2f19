#pragma once

/// Drives the transport without a backend above it.

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "core/reactor.h"
#include "filestore/call.h"
#include "http/curl_transport.h"

namespace filestore::test {

/// One answer, as far as it came. A value.
struct Exchanged {
    http::ResponseHead head;
    std::string body;
    Result<void> outcome;
};

/// Keeps an answer. Its owner may look at the counters while the exchange runs.
class KeepingReceiver final : public http::Receiver {
public:
    Result<void> on_head(const http::ResponseHead& head) override {
        kept_.head = head;
        head_came = true;
        return {};
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        if (inside) {
            inside();
        }
        if (keeps_body) {
            kept_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
        received += bytes.size();
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        kept_.outcome = std::move(outcome);
        ended = true;
        done_.set_value(std::move(kept_));
    }

    /// Waits for the end; once. An exchange that does not end in a minute is taken for one that never does.
    [[nodiscard]] Exchanged wait() {
        auto done = done_.get_future();
        if (done.wait_for(std::chrono::minutes(1)) != std::future_status::ready) {
            return {{}, {}, Error(ErrorCode::internal, "the exchange did not end")};
        }
        return done.get();
    }

    /// Called for each piece of the body; set before the exchange begins.
    std::function<void()> inside;
    bool keeps_body = true;

    std::atomic<bool> head_came{false};
    std::atomic<std::size_t> received{0};
    std::atomic<bool> ended{false};

private:
    Exchanged kept_;
    std::promise<Exchanged> done_;
};

/// Gives zeros, and counts them. Thread-safe to look at.
class CountingSource final : public Source {
public:
    explicit CountingSource(std::uint64_t size) : left_(size), size_(size) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const std::size_t count = std::min<std::uint64_t>(into.size(), left_);
        std::fill_n(into.begin(), count, std::byte{0});
        left_ -= count;
        given += count;
        return IoStep{count, false};
    }
    std::optional<std::uint64_t> size() const noexcept override { return size_; }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        left_ = size_;
        return {};
    }

    std::atomic<std::uint64_t> given{0};

private:
    std::uint64_t left_;
    std::uint64_t size_;
};

/// Sends requests. A resource; thread-safe.
class HttpClient {
public:
    explicit HttpClient(http::TransportOptions options = {}) {
        options.reactor = reactor_;
        transport_ = http::make_curl_transport(options);
    }

    [[nodiscard]] std::shared_ptr<KeepingReceiver> send(
        http::Request request,
        std::shared_ptr<KeepingReceiver> receiver = std::make_shared<KeepingReceiver>()) const {
        transport_->send(std::move(request), receiver);
        return receiver;
    }

    [[nodiscard]] Exchanged get(const std::string& url) const { return send(get_of(url))->wait(); }

    [[nodiscard]] static http::Request get_of(const std::string& url) {
        http::Request request;
        request.url = url;
        return request;
    }

    [[nodiscard]] static http::Request put_of(const std::string& url, std::shared_ptr<Source> body) {
        http::Request request = get_of(url);
        request.method = http::Method::put;
        request.body_size = body->size().value();
        request.body = std::move(body);
        return request;
    }

private:
    std::shared_ptr<Reactor> reactor_ = std::make_shared<Reactor>();
    std::shared_ptr<http::Transport> transport_;
};

}  // namespace filestore::test
