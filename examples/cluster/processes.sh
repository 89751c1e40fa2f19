# What the scripts of the cluster share, to be sourced: processes whose numbers are kept in files, NAME.pid.

# Numbers are given again; a process that ended is not there, waits as a zombie to be noticed, or is not ours.
is_running() {
    local pid
    pid=$(cat "$1.pid" 2>/dev/null) && grep -qs '^State:.[^ZX]' "/proc/$pid/status" &&
        grep -qs -e filestore -e nginx -e versitygw -e minio -e postgrest "/proc/$pid/comm"
}

# Returns when it has ended.
end() {
    if is_running "$1"; then
        kill "$(cat "$1.pid")"
        while is_running "$1"; do sleep 0.1; done
    fi
    rm -f "$1.pid"
}

free_port() {
    local port
    for port in $(shuf -i 20000-32000 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
