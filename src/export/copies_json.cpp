#include "export/copies_json.h"

#include <optional>
#include <string_view>
#include <utility>

#include "core/json.h"

namespace filestore {

namespace {

void write_time(JsonTextWriter& writer, std::string_view name, const std::optional<Timestamp>& time) {
    if (time) {
        write_string(writer, name, format_timestamp(*time));
    }
}

void write_members(JsonTextWriter& writer, const ProviderCopy& copy) {
    writer.Key("number");
    writer.Int64(copy.number);
    write_string(writer, "file_id", copy.id.text());
    write_string(writer, "profile", copy.target.profile);
    write_string(writer, "base_url", copy.target.base_url);
    write_string(writer, "purpose", copy.purpose);
    write_string(writer, "provider_id", copy.provider_id);
    write_string(writer, "sent_name", copy.sent_name);
    write_string(writer, "state", to_string(copy.state));
    write_time(writer, "sent_at", copy.sent_at);
    write_time(writer, "expires_at", copy.expires_at);
    if (!copy.reason.empty()) {
        write_string(writer, "reason", copy.reason);
    }
}

void write_copies(JsonTextWriter& writer, const std::vector<ProviderCopy>& copies) {
    writer.StartArray();
    for (const ProviderCopy& copy : copies) {
        writer.StartObject();
        write_members(writer, copy);
        writer.EndObject();
    }
    writer.EndArray();
}

}  // namespace

std::string to_json(const ProviderCopy& copy) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_members(writer, copy);
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const ProviderCopy& copy, const char* mark, bool is_marked) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_members(writer, copy);
    writer.Key(mark);
    writer.Bool(is_marked);
    writer.EndObject();
    return std::move(output.text);
}

std::string to_json(const std::vector<ProviderCopy>& copies) {
    JsonText output;
    JsonTextWriter writer(output);
    write_copies(writer, copies);
    return std::move(output.text);
}

std::string to_json(const ExportReceipt& receipt) {
    return to_json(receipt.copy, "was_there", receipt.was_there);
}

std::string to_json(const SettleReport& report) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    writer.Key("removed");
    write_copies(writer, report.removed);
    writer.Key("found");
    write_copies(writer, report.found);
    writer.Key("dropped");
    write_copies(writer, report.dropped);
    writer.Key("waiting");
    write_copies(writer, report.waiting);
    write_number(writer, "forgotten", report.forgotten);
    if (report.failure) {
        write_string(writer, "failure", report.failure->message());
    }
    writer.EndObject();
    return std::move(output.text);
}

}  // namespace filestore
