#include <filestore/service.h>
#include <filestore/stdstream.h>
#include <filestore/stream.h>
#include <filestore/version.h>

#include <iostream>
#include <sstream>
#include <string>

namespace {

int fail(const filestore::Error& error) {
    std::cerr << error.message() << '\n';
    return 1;
}

}  // namespace

/// Stores a text in ./storage and reads it back.
int main() {
    auto service = filestore::FileService::open({});
    if (!service) {
        return fail(service.error());
    }
    const auto id = service->upload({.source = filestore::source_from_string("hello"), .path = "hello.txt"});
    if (!id) {
        return fail(id.error());
    }
    std::ostringstream text;
    const auto receipt = service->download({.id = *id, .sink = filestore::sink_to_ostream(text)});
    if (!receipt) {
        return fail(receipt.error());
    }
    std::cout << text.str() << ' ' << filestore::version() << '\n';
    return text.str() == "hello" && filestore::version() == FILESTORE_VERSION ? 0 : 1;
}
