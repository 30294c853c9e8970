//! What each of the tests does: writes in a transaction, and reads what is there then.

/// Six rows more, and what a view tells of all.
pub async fn check(pool: &sqlx::PgPool) {
    let mut transaction = pool.begin().await.unwrap();
    for table in 1..=6 {
        let insert = format!("INSERT INTO t{table} (name, value) VALUES ('test', {table})");
        let insert = sqlx::raw_sql(sqlx::AssertSqlSafe(insert));
        insert.execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM all_rows")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(count, 5006);
}

/// Two hundred tests of one name each.
#[macro_export]
macro_rules! tests {
    ($test:ident) => {
        $crate::tests!(@ $test t0 t1 t2 t3 t4 t5 t6 t7 t8 t9);
    };
    (@ $test:ident $($name:ident)*) => { $(
        mod $name {
            use super::*;
            $test!(a0); $test!(a1); $test!(a2); $test!(a3); $test!(a4);
            $test!(a5); $test!(a6); $test!(a7); $test!(a8); $test!(a9);
            $test!(b0); $test!(b1); $test!(b2); $test!(b3); $test!(b4);
            $test!(b5); $test!(b6); $test!(b7); $test!(b8); $test!(b9);
        }
    )* };
}
