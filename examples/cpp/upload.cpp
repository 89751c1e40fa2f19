/// Stores a file by a standard stream, prints its ID, and reads it back by another.
///
/// usage: upload FILE [STORE]        STORE is a directory, ./storage by default

#include <filestore/service.h>
#include <filestore/stdstream.h>

#include <fstream>
#include <iostream>
#include <sstream>

namespace {

filestore::Result<filestore::FileId> store(filestore::FileService& service, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return filestore::Error(filestore::ErrorCode::not_found, "cannot open " + path);
    }
    filestore::FileUpload upload;
    upload.source = filestore::source_from_istream(file);
    upload.path = path;
    if (auto set = upload.metadata.set("stored_by", "the C++ example"); !set) {
        return set.error();
    }
    return service.upload(std::move(upload));
}

filestore::Result<std::string> read_back(filestore::FileService& service, const filestore::FileId& id) {
    std::ostringstream content;
    filestore::DownloadRequest request;
    request.id = id;
    request.sink = filestore::sink_to_ostream(content);
    if (auto receipt = service.download(std::move(request)); !receipt) {
        return receipt.error();
    }
    return content.str();
}

int fail(const filestore::Error& error) {
    std::cerr << error.message() << " (" << filestore::to_string(error.code()) << ")\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: " << argv[0] << " FILE [STORE]\n";
        return 2;
    }
    filestore::ServiceOptions options;
    if (argc == 3) {
        options.local.base_path = argv[2];
    }
    auto service = filestore::FileService::open(std::move(options));
    if (!service) {
        return fail(service.error());
    }
    const auto id = store(*service, argv[1]);
    if (!id) {
        return fail(id.error());
    }
    std::cout << id->text() << '\n';
    const auto content = read_back(*service, *id);
    if (!content) {
        return fail(content.error());
    }
    std::cout << content->size() << " bytes read back\n";
    return 0;
}
