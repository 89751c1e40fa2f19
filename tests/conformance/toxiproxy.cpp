#include "conformance/toxiproxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace filestore::test {

namespace {

constexpr std::string_view scheme = "http://";

std::string address_of(std::string_view url) {
    return std::string(url.substr(scheme.size()));
}

/// Sends a request over a connection of its own and returns all that is answered.
std::string answer_to(const std::string& address, const std::string& request) {
    const auto colon = address.find(':');
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &place.sin_addr);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string answer;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0 &&
        ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size())) {
        char bytes[4096];
        for (ssize_t count = 0; (count = ::recv(socket, bytes, sizeof bytes, 0)) > 0;) {
            answer.append(bytes, static_cast<std::size_t>(count));
        }
    }
    ::close(socket);
    return answer;
}

/// The answer to a request of the control interface.
std::string control(const std::string& method, const std::string& path, const std::string& body) {
    const std::string address = address_of(toxiproxy_url());
    std::string answer =
        answer_to(address, method + " " + path + " HTTP/1.0\r\nHost: " + address +
                               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    if (answer.find(" 20") != std::string_view("HTTP/1.0").size()) {
        throw std::runtime_error("toxiproxy answered to " + method + " " + path + " " + body + ": " + answer);
    }
    return answer;
}

std::string new_name() {
    static std::atomic<int> count{0};
    return "port-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

std::string text_member(const std::string& json, const std::string& name) {
    const std::string before = "\"" + name + "\":\"";
    const auto start = json.find(before);
    if (start == std::string::npos) {
        throw std::runtime_error("toxiproxy told no " + name + ": " + json);
    }
    const auto value = start + before.size();
    return json.substr(value, json.find('"', value) - value);
}

}  // namespace

std::string toxiproxy_url() {
    const char* directory = std::getenv("FILESTORE_TEST_SERVERS");
    if (directory == nullptr) {
        return {};
    }
    std::ifstream file(std::filesystem::path(directory) / "toxiproxy.url");
    std::string url;
    std::getline(file, url);
    return url;
}

ToxicPort::ToxicPort(std::string_view upstream) : name_(new_name()) {
    const std::string made = control("POST", "/proxies",
                                     R"({"name":")" + name_ + R"(","listen":"127.0.0.1:0","upstream":")" +
                                         address_of(upstream) + R"(","enabled":true})");
    endpoint_ = std::string(scheme) + text_member(made, "listen");
}

ToxicPort::~ToxicPort() {
    try {
        control("DELETE", "/proxies/" + name_, {});
    } catch (const std::runtime_error&) {
        // It ends with the proxy.
    }
}

void ToxicPort::add_downstream(std::string_view type, std::string_view attributes,
                               double share_of_connections) {
    add("downstream", type, attributes, share_of_connections);
}

void ToxicPort::add_upstream(std::string_view type, std::string_view attributes,
                             double share_of_connections) {
    add("upstream", type, attributes, share_of_connections);
}

void ToxicPort::add(std::string_view stream, std::string_view type, std::string_view attributes,
                    double share_of_connections) {
    control("POST", "/proxies/" + name_ + "/toxics",
            R"({"type":")" + std::string(type) + R"(","stream":")" + std::string(stream) +
                R"(","toxicity":)" + std::to_string(share_of_connections) + R"(,"attributes":)" +
                std::string(attributes) + "}");
}

}  // namespace filestore::test
