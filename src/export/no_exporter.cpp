/// None can be opened, so that nobody gets to the calls.

#include <utility>

#include "core/left_out.h"
#include "filestore/file_exporter.h"

namespace filestore {

namespace {

Error no_record_of_copies() {
    return left_out_error("SQLite, which keeps track of copies", "FILESTORE_WITH_SQLITE");
}

}  // namespace

class FileExporter::Impl {};

Result<FileExporter> FileExporter::open(ExporterOptions) {
    return no_record_of_copies();
}

FileExporter::FileExporter(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
FileExporter::FileExporter(FileExporter&&) noexcept = default;
FileExporter& FileExporter::operator=(FileExporter&&) noexcept = default;
FileExporter::~FileExporter() = default;

void FileExporter::send_async(ExportRequest, Completion<ExportReceipt> done) {
    done(no_record_of_copies());
}

void FileExporter::copies_async(CopiesRequest, Completion<std::vector<ProviderCopy>> done) {
    done(no_record_of_copies());
}

void FileExporter::unsend_async(UnsendRequest, Completion<SettleReport> done) {
    done(no_record_of_copies());
}

void FileExporter::settle_async(SettleRequest, Completion<SettleReport> done) {
    done(no_record_of_copies());
}

void FileExporter::settle_async(const CallOptions&, Completion<SettleReport> done) {
    done(no_record_of_copies());
}

Result<ExportReceipt> FileExporter::send(ExportRequest) {
    return no_record_of_copies();
}

Result<std::vector<ProviderCopy>> FileExporter::copies(CopiesRequest) {
    return no_record_of_copies();
}

Result<SettleReport> FileExporter::unsend(UnsendRequest) {
    return no_record_of_copies();
}

Result<SettleReport> FileExporter::settle(SettleRequest) {
    return no_record_of_copies();
}

Result<SettleReport> FileExporter::settle(const CallOptions&) {
    return no_record_of_copies();
}

Result<void> FileExporter::start() {
    return no_record_of_copies();
}

}  // namespace filestore
