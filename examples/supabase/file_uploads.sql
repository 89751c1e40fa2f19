-- The table of the audit trail, for the SQL editor of a Supabase project. The unique file_id is what lets an event that is sent twice count once.

create table if not exists public.file_uploads (
    file_id     text primary key,
    file_path   text not null,
    metadata    jsonb not null default '{}'::jsonb,
    uploaded_at timestamptz not null default now(),
    deleted_at  timestamptz
);

create index if not exists file_uploads_stored on public.file_uploads (uploaded_at, file_id) where deleted_at is null;

-- Without a policy nobody reads or writes it but the service key, which is above policies.
alter table public.file_uploads enable row level security;
