#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "filestore/blocking_backend.h"

namespace filestore::test {

/// A backend of a third party: keeps files in memory. Thread-safe.
class MemoryBackend final : public BlockingBackend {
public:
    using BlockingBackend::BlockingBackend;

    ~MemoryBackend() override { close(); }

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = true, .presign = false};
    }
    std::string_view name() const noexcept override { return "memory"; }

    /// Runs in exists(), on the executor.
    std::function<void()> on_exists;
    /// Makes a reader give no more than so many bytes.
    std::size_t readable = SIZE_MAX;
    /// Runs when a writer is opened.
    std::function<void()> on_open_writer;

    [[nodiscard]] std::size_t file_count() const {
        const std::lock_guard lock(mutex_);
        return files_.size();
    }
    [[nodiscard]] int open_writers() const {
        const std::lock_guard lock(mutex_);
        return open_writers_;
    }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        if (on_open_writer) {
            on_open_writer();
        }
        return std::unique_ptr<Writer>(std::make_unique<MemoryWriter>(*this, request));
    }

    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        const std::lock_guard lock(mutex_);
        const auto found = files_.find(request.id);
        if (found == files_.end()) {
            return Error(ErrorCode::not_found, "no such file");
        }
        return std::unique_ptr<Reader>(std::make_unique<MemoryReader>(found->second, readable));
    }

    Result<bool> remove_now(const FileRequest& request) override {
        const std::lock_guard lock(mutex_);
        return files_.erase(request.id) > 0;
    }

    Result<bool> exists_now(const FileRequest& request) override {
        if (on_exists) {
            on_exists();
        }
        const std::lock_guard lock(mutex_);
        return files_.contains(request.id);
    }

    Result<FileInfo> metadata_now(const FileRequest& request) override {
        const std::lock_guard lock(mutex_);
        const auto found = files_.find(request.id);
        if (found == files_.end()) {
            return Error(ErrorCode::not_found, "no such file");
        }
        return found->second.info;
    }

    Result<ListPage> list_now(const ListRequest&) override {
        const std::lock_guard lock(mutex_);
        ListPage page;
        for (const auto& [id, file] : files_) {
            page.files.push_back({id, file.info.size, file.info.last_modified});
        }
        return page;
    }

private:
    struct File {
        FileInfo info;
        std::string bytes;
    };

    class MemoryWriter final : public Writer {
    public:
        MemoryWriter(MemoryBackend& backend, const UploadRequest& request) : backend_(backend) {
            file_.info.id = request.id;
            file_.info.original_path = request.original_path;
            file_.info.content_type = request.content_type;
            file_.info.metadata = request.metadata;
            const std::lock_guard lock(backend_.mutex_);
            ++backend_.open_writers_;
        }
        ~MemoryWriter() override {
            const std::lock_guard lock(backend_.mutex_);
            --backend_.open_writers_;
        }
        Result<void> write(std::span<const std::byte> bytes) override {
            file_.bytes.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return {};
        }
        Result<void> commit(std::uint64_t size) override {
            if (size != file_.bytes.size()) {
                return Error(ErrorCode::internal, "the size at commit is not that of the bytes");
            }
            file_.info.size = size;
            const std::lock_guard lock(backend_.mutex_);
            backend_.files_[file_.info.id] = std::move(file_);
            return {};
        }

    private:
        MemoryBackend& backend_;
        File file_;
    };

    class MemoryReader final : public Reader {
    public:
        MemoryReader(File file, std::size_t readable) : file_(std::move(file)), readable_(readable) {}
        std::uint64_t size() const noexcept override { return file_.bytes.size(); }
        Result<FileInfo> info() override { return file_.info; }
        Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
            const std::string_view bytes = std::string_view(file_.bytes).substr(0, readable_);
            const std::string_view rest = bytes.substr(std::min<std::size_t>(offset, bytes.size()));
            const std::size_t count = std::min(into.size(), rest.size());
            std::memcpy(into.data(), rest.data(), count);
            return count;
        }

    private:
        File file_;
        std::size_t readable_;
    };

    mutable std::mutex mutex_;
    std::map<FileId, File> files_;
    int open_writers_ = 0;
};

}  // namespace filestore::test
