use sqlx::PgPool;

macro_rules! test {
    ($name:ident) => {
        #[sqlx::test]
        async fn $name(pool: PgPool) {
            databases_sample::check(&pool).await;
        }
    };
}

databases_sample::tests!(test);
