#pragma once

/// One connection of the sink: takes requests and gives answers, one after the other, as far as nothing has to be waited for.

#include <cstdint>
#include <memory>
#include <string>

#include "sink/answers.h"
#include "sink/channel.h"

namespace sink {

/// What all connections share.
struct Service {
    Content content;
    Answers answers;
    std::uint64_t connections = 0;
    std::uint64_t resumed = 0;
    std::uint64_t head_bytes = 0;
    std::uint64_t body_bytes = 0;
};

class Connection {
public:
    enum class Wants { reading, writing, nothing };

    Connection(Descriptor socket, std::unique_ptr<Channel> channel, Service& service);

    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    /// Goes on until it has to wait, and answers what for; `nothing` where it has ended.
    Wants advance();

private:
    enum class Stage { head, sized_body, chunk_size, chunk, chunk_end, trailer, answer };

    /// Nothing where the stage has passed.
    struct Blocked {
        bool blocked = false;
        Wants wants = Wants::nothing;
    };

    Blocked take_head();
    Blocked take_sized_body();
    Blocked take_chunk();
    Blocked take_line_of_chunks();
    Blocked give_answer();
    Blocked receive_more();
    void begin(const Request& request);
    void finish_body();
    Blocked blocked_by(const Step& step);
    std::string counts();

    Descriptor socket_;
    std::unique_ptr<Channel> channel_;
    Service& service_;
    Stage stage_ = Stage::head;
    std::string input_;
    std::string head_;
    /// Of a POST; other bodies are dropped.
    std::string body_;
    std::uint64_t body_left_ = 0;
    bool keeps_body_ = false;
    bool first_ = true;
    Answer answer_;
    std::size_t text_sent_ = 0;
};

}  // namespace sink
