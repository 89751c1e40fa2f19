#pragma once

/// Lists a local store page by page.

#include "filestore/backend.h"
#include "local/id_window.h"
#include "local/store.h"

namespace filestore::local {

/// The files after the request's cursor, in order of their IDs, in memory bounded by the page and what is read ahead: see ReadAhead for what a walk from page to page
/// finds and costs. The cursor is the `next` of the page before; an ID alone goes on after it in a new walk; anything else is `invalid_argument`.
[[nodiscard]] Result<ListPage> list_files(const Store& store, ReadAhead& ahead, const ListRequest& request);

}  // namespace filestore::local
