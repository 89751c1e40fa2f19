#include "sink/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sink {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view continuation = "HTTP/1.1 100 Continue\r\n\r\n";

std::uint64_t number_of(std::string_view text, int base) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number, base);
    return number;
}

}  // namespace

Connection::Connection(Descriptor socket, std::unique_ptr<Channel> channel, Service& service)
    : socket_(std::move(socket)), channel_(std::move(channel)), service_(service) {}

Connection::Wants Connection::advance() {
    while (true) {
        Blocked step;
        switch (stage_) {
            case Stage::head:
                step = take_head();
                break;
            case Stage::sized_body:
                step = take_sized_body();
                break;
            case Stage::chunk:
                step = take_chunk();
                break;
            case Stage::chunk_size:
            case Stage::chunk_end:
            case Stage::trailer:
                step = take_line_of_chunks();
                break;
            case Stage::answer:
                step = give_answer();
                break;
        }
        if (step.blocked) {
            return step.wants;
        }
    }
}

Connection::Blocked Connection::take_head() {
    const std::size_t end = input_.find(head_end);
    if (end == std::string::npos) {
        return receive_more();
    }
    head_.assign(input_, 0, end + head_end.size());
    input_.erase(0, head_.size());
    if (std::exchange(first_, false) && channel_->resumed()) {
        ++service_.resumed;
    }
    begin(Request::parse(head_));
    return {};
}

void Connection::begin(const Request& request) {
    service_.head_bytes += head_.size();
    body_.clear();
    body_left_ = number_of(request.header("content-length"), 10);
    keeps_body_ = request.method == "POST";
    const bool chunked = request.header("transfer-encoding") == "chunked";
    stage_ = chunked ? Stage::chunk_size : Stage::sized_body;
    if ((chunked || body_left_ > 0) && !request.header("expect").empty()) {
        channel_->send(continuation, false);
    }
}

Connection::Blocked Connection::take_sized_body() {
    if (body_left_ == 0) {
        finish_body();
        return {};
    }
    if (input_.empty() && !keeps_body_) {
        const Step step = channel_->drop(body_left_);
        body_left_ -= step.bytes;
        service_.body_bytes += step.bytes;
        return blocked_by(step);
    }
    if (input_.empty()) {
        return receive_more();
    }
    const std::size_t taken = std::min<std::uint64_t>(body_left_, input_.size());
    if (keeps_body_) {
        body_.append(input_, 0, taken);
    }
    input_.erase(0, taken);
    body_left_ -= taken;
    service_.body_bytes += taken;
    return {};
}

Connection::Blocked Connection::take_chunk() {
    if (body_left_ == 0) {
        stage_ = Stage::chunk_end;
        return {};
    }
    if (input_.empty()) {
        const Step step = channel_->drop(body_left_);
        body_left_ -= step.bytes;
        service_.body_bytes += step.bytes;
        return blocked_by(step);
    }
    const std::size_t taken = std::min<std::uint64_t>(body_left_, input_.size());
    input_.erase(0, taken);
    body_left_ -= taken;
    service_.body_bytes += taken;
    return {};
}

Connection::Blocked Connection::take_line_of_chunks() {
    const std::size_t end = input_.find(line_end);
    if (end == std::string::npos) {
        return receive_more();
    }
    const std::string line = input_.substr(0, end);
    input_.erase(0, end + line_end.size());
    if (stage_ == Stage::chunk_size) {
        body_left_ = number_of(line, 16);
        stage_ = body_left_ == 0 ? Stage::trailer : Stage::chunk;
    } else if (stage_ == Stage::chunk_end) {
        stage_ = Stage::chunk_size;
    } else if (line.empty()) {
        finish_body();
    }
    return {};
}

void Connection::finish_body() {
    const Request request = Request::parse(head_);
    answer_ = request.path == "/-/counts" ? Answer{.text = counts()} : service_.answers.to(request, body_);
    text_sent_ = 0;
    stage_ = Stage::answer;
}

std::string Connection::counts() {
    const std::string body = service_.answers.take_counts({
        {"connections", std::exchange(service_.connections, 0)},
        {"resumed", std::exchange(service_.resumed, 0)},
        {"head_bytes", std::exchange(service_.head_bytes, 0)},
        {"body_bytes", std::exchange(service_.body_bytes, 0)},
    });
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Connection::Blocked Connection::give_answer() {
    if (text_sent_ < answer_.text.size()) {
        const auto rest = std::span<const char>(answer_.text).subspan(text_sent_);
        const Step step = channel_->send(rest, answer_.content_size > 0);
        text_sent_ += step.bytes;
        return blocked_by(step);
    }
    if (answer_.content_size > 0) {
        const Step step =
            channel_->send_content(service_.content, answer_.content_from, answer_.content_size);
        answer_.content_from += step.bytes;
        answer_.content_size -= step.bytes;
        return blocked_by(step);
    }
    stage_ = Stage::head;
    return {};
}

Connection::Blocked Connection::receive_more() {
    static std::array<char, std::size_t{16} << 10U> received;
    const Step step = channel_->receive(received);
    input_.append(received.data(), step.bytes);
    return blocked_by(step);
}

Connection::Blocked Connection::blocked_by(const Step& step) {
    switch (step.state) {
        case Step::State::moved:
            return {};
        case Step::State::wants_reading:
            return {true, Wants::reading};
        case Step::State::wants_writing:
            return {true, Wants::writing};
        case Step::State::ended:
            break;
    }
    return {true, Wants::nothing};
}

}  // namespace sink
