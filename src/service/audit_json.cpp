#include "service/audit_json.h"

#include <utility>

#include "core/json.h"

namespace filestore {

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
