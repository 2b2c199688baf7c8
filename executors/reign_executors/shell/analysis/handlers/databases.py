"""Clients of databases: reading statements, changing ones, ways out to the shell."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    UNKNOWN,
    is_known,
    listed,
    plain,
    unmarked,
)

_SQL_READ = re.compile(
    r"\s*(?:select|show|describe|desc|explain|use|set\s+(?:names|statement_timeout|search_path)|with|values|table|pragma\s+\w+\s*(?:;|$|\()|analyze\s+table|check\s+table|help|\\|begin|commit|rollback|start\s+transaction|\.(?:tables|schema|databases|indexes|mode|headers|dump|show|help|width|quit|exit))",
    re.IGNORECASE,
)
_SQL_WRITE = re.compile(
    r"\b(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|replace\s+into|call|do\s+\$|copy|vacuum|reindex|lock|kill|merge|set\s+global|flush|reset|shutdown|load\s+data|into\s+(?:out|dump)file|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|setval|nextval|lo_import|lo_export|pg_read_file|pg_ls_dir|dblink\w*|pg_rotate_logfile|pg_promote|pg_switch_wal|pg_create_\w+|pg_drop_\w+|pg_logical_\w+|pg_replication_\w+|pg_wal_replay_\w+|pg_export_snapshot|pg_notify|pg_stat_reset\w*|pg_advisory_\w+|pg_try_advisory_\w+|pg_read_binary_file|pg_file_\w+|pg_execute_\w+|lo_\w+|set_config|query_to_xml|sys_eval|load_file|xp_\w+|openrowset|xp_cmdshell|sys_exec|load_extension|writefile|edit|executable|wal_checkpoint|readfile|analyze\s+table|get_lock)\b",
    re.IGNORECASE,
)


def judge_sql(inv: Invocation, text: str) -> None:
    """SQL statements: reading ones are reads, all others change the database."""
    run = inv.run
    bare = plain(text)
    # comments that the server runs
    bare = re.sub(r"/\*(?:!\d*|M!\d*|\+)(.*?)\*/", r" \1 ", bare, flags=re.DOTALL)
    for meta in re.findall(r"\\([A-Za-z_]+|[.!?])", re.sub(r"'(?:[^']|'')*'", "''", bare)):
        if (inv.name in ("psql", "usql", "pgcli", "cockroach") and meta not in _PSQL_READS and meta[0] != "d") or (
            inv.name in ("mysql", "mariadb", "mycli") and meta not in _MYSQL_READS
        ):
            run.unclear("unclear.code", f"what \\{meta} of {inv.name} does is not known to be a read")
    for shell in re.findall(
        r"(?:^|\n|\s)\\!\s*([^\n]+)|(?:^|\n)\s*\.(?:shell|system)\s+([^\n]+)|\bcopy\b[^;]*\b(?:from|to)\s+program\s+'([^']+)'|(?:^|\n|;)\s*system\s+([^\n;]+)",
        bare,
        re.IGNORECASE,
    ):
        code = next((s for s in shell if s), "")
        run.run_text(code, inv.scope.copy(), None, where=inv.name)
        run.change(Action.UPDATE, "host/command", f"{inv.name} runs a command")
    for target in re.findall(
        r"(?:^|\n|\s)\\(?:o|w|g|copy\s[^\n]*\bto)\s+['\"]?([^\s'\"|]+)|into\s+(?:out|dump)file\s+'([^']+)'|(?:^|\n)\s*\.(?:output|once|backup|save|log)\s+(\S+)",
        bare,
        re.IGNORECASE,
    ):
        path = next((t for t in target if t), "")
        if path and path != "stdout":
            run.write(path, inv.scope)
            if re.search(r"^/(?:etc|root|usr|boot|var/spool/cron|var/www)/|/\.ssh/", path):
                run.deny("system.file", f"a database would write {path}, which is none of its files")
    if not is_known(text) and len(unmarked(text).strip()) <= 1:
        run.unclear("unclear.code", f"what {inv.name} would run is not known")
        return
    clean = re.sub(r"--[^\n]*|/\*.*?\*/", " ", re.sub(r"'(?:[^']|'')*'|\"(?:[^\"])*\"", "''", bare), flags=re.DOTALL)
    for statement in clean.split(";"):
        if not statement.strip():
            continue
        if re.match(r"\s*explain\b(?!.*\banalyze\b)", statement, re.IGNORECASE | re.DOTALL):
            continue
        if not _SQL_READ.match(statement) or _SQL_WRITE.search(statement) or _SQL_INTO.search(statement):
            word = statement.split()[0].lower()
            if re.match(r"\s*show\b|\s*desc", statement, re.IGNORECASE):
                continue
            action = Action.DELETE if word in ("drop", "delete", "truncate") else Action.UPDATE
            run.change(
                action, f"database/{' '.join(statement.split()[:3])}", f"{inv.name} changes the database ({word})"
            )


_PSQL_READS = listed(
    "l conninfo timing x a t echo qecho warn q pset sf sv z encoding errverbose h ? gx watch if endif else elif "
    "n r p b f set c connect C T H copyright"
)
_MYSQL_READS = listed("G g c q s h ? n p t u r C W w x b f v")
_SQL_INTO = re.compile(r"\binto\b(?!\s*@)", re.IGNORECASE)


@handler("sql")
def _sql(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    flags = {
        "psql": ("-c", "--command"),
        "mysql": ("-e", "--execute"),
        "mariadb": ("-e", "--execute"),
        "clickhouse-client": ("-q", "--query"),
        "sqlcmd": ("-Q", "-q"),
        "cqlsh": ("-e", "--execute"),
        "trino": ("--execute",),
        "snowsql": ("-q", "--query"),
        "bq": (),
        "duckdb": ("-c",),
        "influx": ("-execute",),
        "cockroach": ("-e", "--execute"),
    }.get(inv.name, ())
    texts = [v for f, v in inv.options if f in flags and v is not None]
    files = [v for f, v in inv.options if f in ("-f", "--file", "-i", "--queries-file") and v is not None]
    if inv.name in ("sqlite3", "duckdb"):
        texts += inv.operands[1:]
    if inv.has("-l", "--list", "-V", "--version") and inv.name == "psql" and not texts:
        return UNKNOWN
    for flag, value in inv.options:
        if (
            flag in ("-o", "--output", "-L", "--log-file", "--tee")
            and value
            and inv.name in ("psql", "mysql", "sqlcmd")
        ):
            run.write(value, inv.scope)
    for f in files:
        content = run.content(f, inv.scope, inv.stdin)
        texts.append(content)
    if not texts and inv.stdin is not None:
        texts.append(inv.stdin)
    if not texts:
        run.unclear("unclear.shell", f"opens {inv.name}, or runs what it is given later")
        return UNKNOWN
    for text in texts:
        judge_sql(inv, text)
    return UNKNOWN


_REDIS_READS = listed(
    "get mget keys scan ttl pttl type exists info dbsize ping llen lrange lindex hget hgetall hkeys hvals "
    "hlen hmget smembers scard sismember zrange zcard zscore zrangebyscore zrevrange strlen getrange "
    "memory client slowlog latency monitor object role time echo command lastsave xlen xrange xinfo "
    "bitcount hscan sscan zscan randomkey pubsub cluster module acl readonly select subscribe psubscribe "
    "zcount zrank hexists"
)


@handler("redis")
def _redis(inv: Invocation, effect: str) -> str | None:
    words = [plain(o).lower() for o in inv.operands]
    if inv.has(
        "--bigkeys",
        "--stat",
        "--latency",
        "--latency-history",
        "--latency-dist",
        "--keystats",
        "--memkeys",
        "--hotkeys",
        "--scan",
        "--version",
        "-v",
        "--intrinsic-latency",
    ):
        return UNKNOWN
    if inv.has("--eval", "--pipe", "--rdb"):
        inv.run.change(Action.UPDATE, "database/redis", "redis-cli changes or copies data")
        return UNKNOWN
    if not words:
        if inv.stdin is not None and is_known(inv.stdin):
            for line in plain(inv.stdin).split("\n"):
                if line.split() and line.split()[0].lower() not in _REDIS_READS:
                    inv.run.change(Action.UPDATE, "database/redis", f"redis-cli changes data ({line.split()[0]})")
            return UNKNOWN
        inv.run.unclear("unclear.shell", "opens redis-cli")
        return UNKNOWN
    second = words[1] if len(words) > 1 else ""
    if words[0] == "config" and second == "get":
        return UNKNOWN
    if words[0] in _REDIS_READS and not (
        words[0] in ("client", "cluster", "slowlog", "memory", "acl", "module", "latency")
        and {second, *words[2:3]}
        & {
            "kill",
            "reset",
            "failover",
            "forget",
            "meet",
            "setuser",
            "deluser",
            "load",
            "unload",
            "purge",
            "pause",
            "flushslots",
            "addslots",
            "delslots",
            "replicate",
            "no-evict",
        }
    ):
        return UNKNOWN
    action = Action.DELETE if words[0] in ("flushall", "flushdb", "del", "unlink") else Action.UPDATE
    inv.run.change(action, f"database/redis {words[0]}", f"redis-cli changes data ({words[0]})")
    return UNKNOWN


@handler("mongo")
def _mongo(inv: Invocation, effect: str) -> str | None:
    codes = inv.all_values("--eval", "-e")
    if not codes:
        if inv.stdin is not None and is_known(inv.stdin):
            codes = [inv.stdin]
        else:
            inv.run.unclear("unclear.shell", f"opens {inv.name} or runs a script")
            return UNKNOWN
    for code in codes:
        text = plain(code)
        calls = re.findall(r"\.(\w+)\s*\(", text)
        reading = re.compile(
            r"find|findOne|count|countDocuments|estimatedDocumentCount|distinct|aggregate|stats|status|explain|pretty|limit|sort|skip|toArray|forEach|map|getName|"
            r"getCollection|getCollectionNames|getIndexes|getMongo|getSiblingDB|getDBNames|listDatabases|serverStatus|version|hello|isMaster|conf|printReplicationInfo|"
            r"currentOp|dataSize|totalSize|storageSize|getUsers|getUser|getRoles|length|printjson|hostInfo|ping|adminCommand|runCommand|isCapped|projection|getProfilingStatus|printSecondaryReplicationInfo|stringify|validate"
        )
        risky = [c for c in calls if not reading.fullmatch(c)]
        if risky or re.search(
            r"\]\s*\(|^\s*snippet\b|run\w*Program|\$function|\$out|\$merge|dropDatabase|shutdown|\beval\b|\b(?:drop|create|killOp|setParameter|fsync|compact)\b\s*:|while|run\(|load\(|require\(|process|fs\.|child_process",
            text,
        ):
            inv.run.change(
                Action.UPDATE, "database/mongo", f"{inv.name} may change data ({', '.join(risky[:3]) or 'code'})"
            )
    return UNKNOWN


__all__ = ["judge_sql"]
