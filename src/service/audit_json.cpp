#include "service/audit_json.h"

#include <string_view>
#include <utility>

#include "core/json.h"

namespace filestore {
namespace {

void write_string(JsonTextWriter& writer, const char* name, std::string_view value) {
    writer.Key(name);
    writer.String(value.data(), static_cast<rj::SizeType>(value.size()));
}

void write_number(JsonTextWriter& writer, const char* name, std::uint64_t value) {
    writer.Key(name);
    writer.Uint64(value);
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

}  // namespace filestore
