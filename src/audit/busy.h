#pragma once

/// A term of SQL: whether an operation on a file is open. What is left of a removal that a dead process began is no work of anybody: ?1 is the own session, ?2 the newest intent that it has inherited.
#define FILESTORE_BUSY(file_id)                                      \
    "EXISTS (SELECT 1 FROM intents WHERE intents.file_id = " file_id \
    " AND NOT (operation = 'removal' AND session = ?1 AND number <= ?2))"
