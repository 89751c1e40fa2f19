-- What a Supabase project has before its owner makes a table: roles, limits and default privileges.
\set ON_ERROR_STOP 1

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;

create schema extensions;
create function extensions.watch_definitions() returns event_trigger language plpgsql as
    $$ begin notify pgrst, 'reload schema'; end $$;
create event trigger watch_definitions on ddl_command_end execute function extensions.watch_definitions();
