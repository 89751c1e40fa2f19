#include "service/audit_json.h"

#include <optional>
#include <string_view>
#include <utility>

#include "core/json.h"

namespace filestore {

namespace {

void write_text_or_null(JsonTextWriter& writer, std::string_view name,
                        const std::optional<std::string>& text) {
    if (text) {
        return write_string(writer, name, *text);
    }
    writer.Key(name.data(), static_cast<rj::SizeType>(name.size()));
    writer.Null();
}

std::optional<std::string> as_text(const std::optional<Timestamp>& time) {
    return time ? std::optional(format_timestamp(*time)) : std::nullopt;
}

void write_history(JsonTextWriter& writer, const FileHistory& history) {
    writer.StartObject();
    write_string(writer, "file_id", history.id.text());
    write_string(writer, "file_path", history.file_path);
    writer.Key("metadata");
    const std::string metadata = history.metadata.to_json();
    writer.RawValue(metadata.data(), metadata.size(), rj::kObjectType);
    write_text_or_null(writer, "uploaded_at", as_text(history.uploaded_at));
    write_text_or_null(writer, "deleted_at", as_text(history.deleted_at));
    writer.EndObject();
}

void write_deleted(JsonTextWriter& writer, const DeletedFile& file) {
    writer.StartObject();
    write_string(writer, "file_id", file.id.text());
    write_string(writer, "original_path", file.original_path);
    write_number(writer, "size", file.size);
    write_string(writer, "deleted_at", format_timestamp(file.deleted_at));
    write_string(writer, "until", format_timestamp(file.until));
    writer.EndObject();
}

void write_rows(JsonTextWriter& writer, std::string_view name, const SalvagedRows& rows) {
    writer.Key(name.data(), static_cast<rj::SizeType>(name.size()));
    writer.StartObject();
    write_number(writer, "salvaged", rows.salvaged);
    write_number(writer, "unreadable", rows.unreadable);
    writer.Key("has_gap");
    writer.Bool(rows.has_gap);
    writer.EndObject();
}

/// A page of files, each of which `write` writes, and where to go on.
template <class Page, class Write>
std::string page_to_json(const Page& page, Write write) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    writer.Key("files");
    writer.StartArray();
    for (const auto& file : page.files) {
        write(writer, file);
    }
    writer.EndArray();
    write_text_or_null(writer, "next", page.next);
    writer.EndObject();
    return std::move(output.text);
}

}  // namespace

std::string to_json(const AuditStatus& status) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_number(writer, "pending", status.pending);
    write_number(writer, "parked", status.parked);
    write_number(writer, "delivered", status.delivered);
    if (status.oldest) {
        write_string(writer, "oldest", format_timestamp(*status.oldest));
    }
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const ParkedFile& file) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_string(writer, "file_id", file.file_id);
    write_string(writer, "parked_at", format_timestamp(file.parked_at));
    write_string(writer, "reason", file.reason);
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const FileHistory& history) {
    JsonText output;
    JsonTextWriter writer(output);
    write_history(writer, history);
    return std::move(output.text);
}

std::string to_json(const RecordedFilesPage& page) {
    return page_to_json(page, write_history);
}

std::string to_json(const DeletedFile& file) {
    JsonText output;
    JsonTextWriter writer(output);
    write_deleted(writer, file);
    return std::move(output.text);
}

std::string to_json(const DeletedFilesPage& page) {
    return page_to_json(page, write_deleted);
}

std::string to_json(const DriftFinding& finding) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_string(writer, "file_id", finding.id.text());
    write_string(writer, "drift", to_string(finding.drift));
    write_string(writer, "what", finding.what);
    writer.Key("repaired");
    writer.Bool(finding.repaired);
    if (finding.reason) {
        write_string(writer, "reason", finding.reason->message());
    }
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const ReconcileReport& report) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_number(writer, "files", report.files);
    write_number(writer, "unrecorded", report.unrecorded);
    write_number(writer, "marked_deleted", report.marked_deleted);
    write_number(writer, "missing", report.missing);
    write_number(writer, "untold", report.untold);
    write_number(writer, "repaired", report.repaired);
    write_number(writer, "failed", report.failed);
    write_number(writer, "left_out", report.left_out);
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const SalvageReport& report) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    writer.Key("was_damaged");
    writer.Bool(report.was_damaged);
    write_rows(writer, "file_uploads", report.files);
    write_rows(writer, "intents", report.intents);
    write_rows(writer, "outbox", report.outbox);
    write_rows(writer, "parked", report.parked);
    write_rows(writer, "soft_deleted", report.soft_deleted);
    write_rows(writer, "provider_copies", report.provider_copies);
    write_string(writer, "set_aside", report.set_aside);
    writer.EndObject();
    return std::move(output.text);
}

}  // namespace filestore
