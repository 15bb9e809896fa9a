//! Both engines hold the same tables: a statement is written once for both.

use regex::Regex;
use skillet::store::Db;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use crate::harness::{db::TestDb, root};

/// The index of words, which on Postgres is a column: FTS5's virtual table and what it keeps for it.
const SEARCH_INDEX: [&str; 4] = ["search_index", "search_index_config", "search_index_data", "search_index_idx"];

/// Table → column → what both engines must agree on.
type Schema = BTreeMap<String, BTreeMap<String, Column>>;

#[derive(Debug, PartialEq)]
struct Column {
    /// The type on SQLite; several types of Postgres share one.
    class: &'static str,
    nullable: bool,
    primary_key: bool,
    /// The "table.column" that it refers to.
    refers_to: Option<String>,
}

/// Table, column, type, nullable, primary key, reference.
type Row = (String, String, String, bool, bool, Option<String>);

const SQLITE_COLUMNS: &str = "
    SELECT m.name, c.name, c.type, NOT (c.\"notnull\" OR c.pk > 0), c.pk > 0, f.\"table\" || '.' || f.\"to\"
    FROM sqlite_master m JOIN pragma_table_info(m.name) c
    LEFT JOIN pragma_foreign_key_list(m.name) f ON f.\"from\" = c.name
    WHERE m.type = 'table' AND m.name NOT IN ('_sqlx_migrations', 'sqlite_sequence')";

const POSTGRES_COLUMNS: &str = "
    SELECT CAST(t.relname AS TEXT), CAST(a.attname AS TEXT), UPPER(format_type(a.atttypid, NULL)), NOT a.attnotnull,
        EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)),
        (SELECT CAST(f.confrelid AS REGCLASS) || '.' || b.attname FROM pg_constraint f
         JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
         WHERE f.contype = 'f' AND f.conrelid = t.oid AND f.conkey = ARRAY[a.attnum])
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid
    WHERE t.relkind = 'r' AND t.relnamespace = CAST('public' AS REGNAMESPACE) AND t.relname <> '_sqlx_migrations'
        AND a.attnum > 0 AND NOT a.attisdropped";

/// Each unique key beside the primary ones as "table (columns)", marked when it holds for some rows only.
const SQLITE_UNIQUES: &str = "
    SELECT m.name || ' (' || (SELECT group_concat(i.name, ', ') FROM pragma_index_info(l.name) i) || ')'
        || CASE WHEN l.partial THEN ' partly' ELSE '' END
    FROM sqlite_master m JOIN pragma_index_list(m.name) l
    WHERE m.type = 'table' AND l.\"unique\" AND l.origin <> 'pk'";

const POSTGRES_UNIQUES: &str = "
    SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY array_position(CAST(x.indkey AS INT2[]), a.attnum))
            FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (x.indkey)) || ')'
        || CASE WHEN x.indpred IS NULL THEN '' ELSE ' partly' END
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
    WHERE x.indisunique AND NOT x.indisprimary AND t.relnamespace = CAST('public' AS REGNAMESPACE)";

async fn schema(db: &Db) -> Schema {
    let rows: Vec<Row> = match db {
        Db::Sqlite(pool, _) => sqlx::query_as(SQLITE_COLUMNS).fetch_all(pool).await.unwrap(),
        Db::Postgres(pool) => sqlx::query_as(POSTGRES_COLUMNS).fetch_all(pool).await.unwrap(),
    };
    let mut schema = Schema::new();
    for (table, name, kind, nullable, primary_key, refers_to) in rows {
        let column = Column { class: class(&kind), nullable, primary_key, refers_to };
        schema.entry(table).or_default().insert(name, column);
    }
    schema
}

async fn uniques(db: &Db) -> BTreeSet<String> {
    let keys: Vec<String> = match db {
        Db::Sqlite(pool, _) => sqlx::query_scalar(SQLITE_UNIQUES).fetch_all(pool).await.unwrap(),
        Db::Postgres(pool) => sqlx::query_scalar(POSTGRES_UNIQUES).fetch_all(pool).await.unwrap(),
    };
    keys.into_iter().collect()
}

/// The table of `migrations/README.md`.
fn class(kind: &str) -> &'static str {
    match kind {
        "BLOB" | "UUID" | "BYTEA" => "BLOB",
        "TEXT" | "TIMESTAMP WITH TIME ZONE" | "JSONB" => "TEXT",
        "INTEGER" | "BIGINT" | "BOOLEAN" => "INTEGER",
        "REAL" | "DOUBLE PRECISION" => "REAL",
        // Columns of a virtual table have no type, and a column of words only exists on Postgres.
        "" | "TSVECTOR" => "-",
        other => panic!("the type {other} is not in the table of migrations/README.md"),
    }
}

#[tokio::test]
async fn both_schemas_are_the_same() {
    let Some(postgres) = TestDb::postgres("both_schemas_are_the_same").await else { return };
    let sqlite = TestDb::sqlite().await;
    let (mut here, mut there) = (schema(&sqlite).await, schema(&postgres).await);
    for table in SEARCH_INDEX {
        assert!(here.remove(table).is_some(), "{table} needs no exception");
    }
    assert!(there.get_mut("search").unwrap().remove("vector").is_some(), "`vector` needs no exception");

    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (table, columns) in here {
        assert_eq!(columns, there[&table], "{table}: SQLite left, Postgres right");
    }
    let keys = uniques(&sqlite).await;
    assert!(keys.contains("turns (conversation_id) partly"), "{keys:?}");
    assert_eq!(keys, uniques(&postgres).await);
    postgres.remove().await;
}

fn migrations(engine: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("migrations").join(engine)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn both_folders_hold_the_same_files() {
    let names = |engine| migrations(engine).into_iter().map(|file| file.file_name().unwrap().to_owned());
    assert!(names("sqlite").eq(names("postgres")), "{:?} {:?}", migrations("sqlite"), migrations("postgres"));
}

/// SQLite tells of its checks only in the text that made them.
#[test]
fn both_check_the_same_words() {
    let check = Regex::new(r"CHECK \(((\w+) IN \([^)]+\))\)").unwrap();
    let checks = |engine| {
        let texts = migrations(engine).into_iter().map(|file| fs::read_to_string(file).unwrap());
        texts.flat_map(|text| check.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>())
    };
    // SQLite makes a table anew to change it, and so says again what Postgres keeps.
    let (here, there): (BTreeSet<_>, BTreeSet<_>) = (checks("sqlite").collect(), checks("postgres").collect());
    assert!(here.len() > 8, "the checks were not found");
    assert_eq!(here, there);
}
