//! What texts mean, as an embedder tells: one vector for each row of the index, of one embedder at a time.

use sqlx::FromRow;

use super::{
    Db, Result, SearchKind, StoreError,
    erasure::hold_unforgotten,
    on,
    search::{text_columns, text_tables},
    write_tx,
};
use crate::ids::UserId;

/// A row of the index whose vector is missing, or of another embedder.
#[derive(Clone, Debug, FromRow)]
pub struct Unembedded {
    pub id: i64,
    pub user_id: UserId,
    pub kind: SearchKind,
    pub text: String,
    /// Who wrote a message, where several share a conversation.
    pub speaker: Option<String>,
    /// [`Db::forgettings`] of the person.
    pub forgettings: i64,
}

#[derive(Clone, Debug)]
pub struct NewVector {
    /// The row of the index.
    pub row: i64,
    pub user: UserId,
    /// [`Db::forgettings`] before the text was read.
    pub forgettings: i64,
    pub dims: i64,
    pub data: Vec<u8>,
}

/// Vectors that are looked through together: an answer with a row for each takes ten times as long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vectors {
    /// Rows of the index, growing.
    rows: Vec<i64>,
    /// Their vectors one after the other, all of one length.
    data: Vec<u8>,
}

impl Vectors {
    /// Each row with its vector.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &[u8])> {
        let length = (self.data.len() / self.rows.len().max(1)).max(1);
        self.rows.iter().copied().zip(self.data.chunks_exact(length))
    }
}

impl Db {
    /// Rows of the index that have no vector of this embedder.
    pub async fn unembedded(&self, model: &str, limit: i64) -> Result<Vec<Unembedded>> {
        // Two ranges, so that the index is used: most rows have the vector.
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT s.id, s.user_id, s.kind, s.speaker, u.forgettings, ", text_columns!(), text_tables!(),
            " JOIN users u ON u.id = s.user_id WHERE s.embedded < $1 OR s.embedded > $1 LIMIT $2",
        )).bind(model).bind(limit).fetch_all(pool).await)?)
    }

    /// Keeps vectors of one embedder, in the place of those of another. A row that is gone meanwhile gets none, nor
    /// does any of a person who has forgotten something meanwhile.
    pub async fn keep_vectors(&self, model: &str, vectors: &[NewVector]) -> Result<()> {
        for own in vectors.chunk_by(|one, next| one.user == next.user) {
            match self.keep_own_vectors(model, own).await {
                Err(StoreError::Forgotten) => {}
                kept => kept?,
            }
        }
        Ok(())
    }

    /// The same for vectors of one person, at least one. Fails with `Forgotten`.
    async fn keep_own_vectors(&self, model: &str, vectors: &[NewVector]) -> Result<()> {
        let NewVector { user, forgettings, .. } = vectors[0];
        write_tx!(self, tx => {
            hold_unforgotten!(self, tx, user, forgettings);
            for vector in vectors {
                let there = sqlx::query("UPDATE search SET embedded = $2 WHERE id = $1")
                    .bind(vector.row).bind(model).execute(&mut *tx).await?.rows_affected() == 1;
                if !there {
                    continue;
                }
                sqlx::query(
                    "INSERT INTO vectors (row_id, user_id, model, dims, data) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (row_id) DO UPDATE SET model = $3, dims = $4, data = $5",
                ).bind(vector.row).bind(vector.user).bind(model).bind(vector.dims).bind(&vector.data)
                 .execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Vectors of one person that this embedder made, of so many dimensions: those of the next `limit` rows after one.
    pub async fn vectors(&self, user: UserId, model: &str, dims: i64, after: i64, limit: usize) -> Result<Vectors> {
        macro_rules! joined {
            ($rows:literal, $data:literal) => {
                concat!(
                    "SELECT COALESCE(", $rows, ", ''), ", $data, " FROM (
                     SELECT row_id, data FROM vectors WHERE user_id = $1 AND model = $2 AND dims = $3 AND row_id > $4
                     ORDER BY row_id LIMIT $5) AS part"
                )
            };
        }
        let statement = match self {
            Self::Sqlite(..) => joined!("group_concat(row_id)", "CAST(COALESCE(group_concat(data, ''), '') AS BLOB)"),
            Self::Postgres(_) => {
                joined!("string_agg(CAST(row_id AS TEXT), ',')", "COALESCE(string_agg(data, CAST('' AS BYTEA)), '')")
            }
        };
        let (rows, data): (String, Vec<u8>) = on!(self, pool => sqlx::query_as(statement).bind(user).bind(model)
            .bind(dims).bind(after).bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_one(pool).await)?;
        Ok(Vectors { rows: rows.split(',').filter_map(|row| row.parse().ok()).collect(), data })
    }
}
