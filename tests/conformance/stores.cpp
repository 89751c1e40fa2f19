#include "conformance/stores.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

namespace filestore::test {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view tls_suffix = "-tls";
constexpr const char* local = "local";
constexpr const char* local_sharded = "local-sharded";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::map<std::string, std::string> read_environment_file(const fs::path& path) {
    std::map<std::string, std::string> values;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const auto equals = line.find('=');
        if (equals != std::string::npos) {
            values[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
    return values;
}

/// The names of the files `NAME.suffix` of a directory.
std::set<std::string> names_with(const fs::path& directory, const std::string& suffix) {
    std::set<std::string> names;
    if (directory.empty() || !fs::is_directory(directory)) {
        return names;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
        if (entry.path().extension() == suffix) {
            names.insert(entry.path().stem().string());
        }
    }
    return names;
}

}  // namespace

std::vector<std::string> store_names() {
    std::vector<std::string> names{local, local_sharded};
    for (const std::string& server : names_with(variable("FILESTORE_TEST_SERVERS"), ".env")) {
        names.push_back(server);
    }
    return names;
}

std::vector<std::string> wanted_servers() {
    const auto names = names_with(variable("FILESTORE_TEST_SERVERS"), ".wanted");
    return {names.begin(), names.end()};
}

bool is_local(const std::string& store) {
    return store == local || store == local_sharded;
}

bool is_over_tls(const std::string& store) {
    return store.ends_with(tls_suffix);
}

std::string server_of(const std::string& store) {
    return is_over_tls(store) ? store.substr(0, store.size() - tls_suffix.size()) : store;
}

TestStore::TestStore(const std::string& name) : name_(name) {
    options_.catalogue_path = scratch_.file("catalogue.sqlite");
    if (is_local(name)) {
        options_.local.base_path = scratch_.file("store");
        options_.local.layout = name == local_sharded ? LocalLayout::sharded : LocalLayout::flat;
        return;
    }
    auto values = read_environment_file(fs::path(variable("FILESTORE_TEST_SERVERS")) / (name + ".env"));
    options_.backend = "s3";
    options_.s3.endpoint = values["FILESTORE_S3_ENDPOINT"];
    options_.s3.ca_file = values["FILESTORE_S3_CA_FILE"];
    options_.s3.bucket = values["FILESTORE_S3_BUCKET"];
    versioned_bucket_ = values["FILESTORE_S3_VERSIONED_BUCKET"];
    public_bucket_ = values["FILESTORE_S3_PUBLIC_BUCKET"];
    options_.s3.region = values["FILESTORE_S3_REGION"];
    options_.s3.credentials.access_key = values["AWS_ACCESS_KEY_ID"];
    options_.s3.credentials.secret_key = values["AWS_SECRET_ACCESS_KEY"];
    // Files of other cases are not seen.
    options_.s3.key_prefix = "case-" + scratch_.path().filename().string() + "/";
}

std::shared_ptr<StorageBackend> TestStore::open_backend() const {
    auto backend = is_s3() ? open_s3_backend(options_.s3) : open_local_backend(options_.local);
    if (!backend.ok()) {
        throw std::runtime_error(std::string(backend.error().message()));
    }
    return *backend;
}

FileService TestStore::open_service() const {
    auto service = FileService::open(options_);
    if (!service.ok()) {
        throw std::runtime_error(std::string(service.error().message()));
    }
    return std::move(*service);
}

UploadRequest upload_of(std::string bytes) {
    UploadRequest request;
    request.id = *FileId::generate();
    request.source = source_from_string(std::move(bytes));
    return request;
}

FileId store_bytes(StorageBackend& backend, const std::string& bytes) {
    UploadRequest request = upload_of(bytes);
    const FileId id = request.id;
    const auto receipt = backend.upload(std::move(request));
    if (!receipt.ok()) {
        throw std::runtime_error(std::string(receipt.error().message()));
    }
    CHECK(receipt->size == bytes.size());
    return id;
}

std::string load_bytes(StorageBackend& backend, const FileId& id) {
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    const auto receipt = backend.download(std::move(request));
    if (!receipt.ok()) {
        throw std::runtime_error(std::string(receipt.error().message()));
    }
    return sink->take();
}

std::vector<FileId> list_ids(StorageBackend& backend, std::size_t page_size) {
    std::vector<FileId> ids;
    ListRequest request;
    request.limit = page_size;
    while (true) {
        const auto page = backend.list(request);
        if (!page.ok()) {
            throw std::runtime_error(std::string(page.error().message()));
        }
        CHECK(page->files.size() <= page_size);
        for (const ListEntry& entry : page->files) {
            ids.push_back(entry.id);
        }
        if (!page->next) {
            return ids;
        }
        request.cursor = *page->next;
    }
}

}  // namespace filestore::test
