#pragma once

/// A server on the loopback interface that says what a test tells it to, byte for byte, and keeps what it hears.

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace filestore::test {

/// Steps of a connection's script. Values.
struct ExpectRequest {};  ///< Reads one request: its head and, by Content-Length, its body.
struct ExpectHead {};     ///< Reads the head of a request only.
struct ExpectBody {       ///< Reads that many bytes of the body.
    std::size_t bytes;
};
struct Send {  ///< Sends these bytes.
    std::string bytes;
};
struct Await {  ///< Waits until the test opens the gate.
    std::shared_future<void> gate;
};
struct Signal {  ///< Tells the test that the steps before are done.
    std::promise<void>* reached;
};
struct Pause {  ///< Waits so long.
    std::chrono::milliseconds time;
};
struct
    Drip {  ///< Sends these bytes again and again, so far apart, until the client goes away or the server ends.
    std::string bytes;
    std::chrono::milliseconds apart;
};
struct Stall {};  ///< Does nothing more, until the client goes away or the server ends.
struct Reset {};  ///< Closes the connection by RST.

/// What is done on one connection; it is closed at the end of the script.
using Script = std::vector<
    std::variant<ExpectRequest, ExpectHead, ExpectBody, Send, Await, Signal, Pause, Drip, Stall, Reset>>;

/// What was heard of one request. A value.
struct HeardRequest {
    /// Counts from 0.
    std::size_t connection = 0;
    /// Request line and headers, as they came, with the blank line at the end.
    std::string head;
    std::string body;

    [[nodiscard]] std::string line() const;
    /// The value of the header; "(none)" where there is none, "(several)" where there are more.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// Serves connections in the order of their arrival, each by the script that is its; one that has none is closed at once. A resource; thread-safe.
class ScriptedServer {
public:
    explicit ScriptedServer(std::vector<Script> scripts = {});
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;
    ~ScriptedServer();

    /// For the next connections that come.
    void add(Script script);
    /// For each connection that comes when no other script is left.
    void repeat(Script script);

    /// The system holds so much at most of what the next connections bring and no script has read yet.
    void hold_at_most(int bytes);

    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::string endpoint() const;

    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] std::vector<HeardRequest> requests() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// An answer with a Content-Length of its own. `headers` are whole lines, each with CR LF at its end.
[[nodiscard]] std::string answer(std::string_view status, std::string_view headers, std::string_view body);

/// Answers each request on one connection in turn.
[[nodiscard]] Script conversation(const std::vector<std::string>& answers);

}  // namespace filestore::test
