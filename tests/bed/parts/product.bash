# What the messaging servers have in common: a database of their own, perhaps a coturn and a Redis, two accounts, and faults.
# shellcheck shell=bash disable=SC2154

# Begins the database NAME-db and the secrets of the accounts alice and bob. Sets db, domain, alice_file, bob_file.
bed_product() { # name [, name of a coturn]
    local name=$1
    bed[$name.domain]=$bed_domain bed[$name.turn]=${2:-} bed[$name.db]=$name-db
    bed_secret "$name" alice bob wrong
    bed_postgres "${bed[$name.dir]}/$name-db"
    bed_product_healthy "$name"
}
# What the product's configuration says; a fault changes one of these.
bed_product_healthy() { # name
    local name=$1 db=${bed[$1.db]} turn=${bed[$1.turn]} redis=${bed[$1.redis]:-}
    bed[$name.db_address]=${bed[$db.address]} bed[$name.db_port]=${bed[$db.port]} bed[$name.db_name]=app
    bed[$name.db_password_file]=${bed[$db.password_file]}
    [ -z "$turn" ] || bed[$name.turn_secret_file]=${bed[$turn.secret_file]}
    [ -z "$redis" ] || bed[$name.redis_password_file]=${bed[$redis.password_file]}
}

# Plants one fault, in place of the one before, and returns when the product answers with it, has ended, or has complained.
# db-stopped takes the database away from a running product; the others start it again:
# db-password db-port db-name db-limit db-collation turn-secret redis-password redis-no-password.
bed_fault() { # name, fault
    local name=$1 db=${bed[$1.db]}
    if [ "$2" = db-stopped ]; then
        [ -z "${bed[$name.fault]:-}" ] || bed_mend "$name"
        bed[$name.fault]=$2
        bed_down "$db"
        return
    fi
    bed_unfault "$name"
    case $2 in
        db-password) bed[$name.db_password_file]=${bed[$name.wrong_file]} ;;
        db-port) bed_take "$name" db_port ;;
        db-name) bed[$name.db_name]=nosuch ;;
        db-limit) bed_psql "$db" postgres <<<'alter role app connection limit 2' ;;
        db-collation)
            bed_psql "$db" postgres <<<"create database collated owner app template template0 lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'"
            bed_product_schema "$name" collated
            bed[$name.db_name]=collated
            ;;
        turn-secret) bed[$name.turn_secret_file]=${bed[$name.wrong_file]} ;;
        redis-password) bed[$name.redis_password_file]=${bed[$name.wrong_file]} ;;
        redis-no-password) bed[$name.redis_password_file]= ;;
        *) printf 'bed: no such fault: %s\n' "$2" >&2; return 1 ;;
    esac
    bed[$name.fault]=$2
    bed_again "$name"
    bed_settled "$name"
}
# Some faults keep a product from answering and do not end it; it then says why.
bed_settled() { # name
    local limit=$((SECONDS + 60))
    while bed_runs "$1" && ! "bed_${bed[$1.kind]}_ready" "$1" >/dev/null 2>&1; do
        ! grep -q 'Redis connection .* failed' "${bed[$1.dir]}/log" || return 0
        ((SECONDS < limit)) || { printf 'bed: %s neither answers nor ends\n' "$1" >&2; return 1; }
        bed_pause 0.05
    done
}
# Takes all faults away, and starts the product again; it returns when the product answers.
bed_mend() { # name
    bed_unfault "$1"
    bed_again "$1"
    bed_wait "$1" "bed_${bed[$1.kind]}_ready" "$1"
}
bed_unfault() { # name
    local db=${bed[$1.db]}
    bed_down "$1"
    bed_product_healthy "$1"
    bed[$1.fault]=
    bed_runs "$db" || bed_up "$db"
    bed_psql "$db" postgres -c 'alter role app connection limit -1' -c 'drop database if exists collated'
}
bed_again() { # name
    : >"${bed[$1.dir]}/log"
    "bed_${bed[$1.kind]}_config" "$1"
    "bed_${bed[$1.kind]}_run" "$1"
}
bed_product_schema() { # name, database
    [ -z "${bed[$1.schema]:-}" ] || BED_PSQL_USER=app bed_psql "${bed[$1.db]}" "$2" -f "${bed[$1.schema]}" >/dev/null
}
